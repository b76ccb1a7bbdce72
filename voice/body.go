package voice

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// wireCallee is an entry of user_list_information. The component drops every
// other key.
type wireCallee struct {
	Username string `json:"username"`
	Mobile   string `json:"mobile_phone"`
}

// wireRequest is the body of a request. The component ignores Names if there
// is a List.
type wireRequest struct {
	Text    string       `json:"auto_read_message"`
	List    []wireCallee `json:"user_list_information,omitempty"`
	Numbers []string     `json:"receiver,omitempty"`           // of the gateway, in the place of List
	Names   any          `json:"receiver__username,omitempty"` // a string for the ESB, a list for the gateway
}

// body returns the request for callees who all have a number, or all have
// none.
func (c *Client) body(text string, callees []Callee) ([]byte, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("there is no text to read")
	}
	r := wireRequest{Text: text}
	var names []string
	for i, callee := range callees {
		if callee.Number.IsZero() {
			names = append(names, strings.TrimSpace(callee.User))
			continue
		}
		if c.mode == APIGateway {
			r.Numbers = append(r.Numbers, callee.Number.Reveal())
			continue
		}
		name := callee.User
		if name == "" { // the component wants one
			name = "callee-" + strconv.Itoa(i+1)
		}
		r.List = append(r.List, wireCallee{name, callee.Number.Reveal()})
	}
	if c.mode == APIGateway && names != nil {
		r.Names = names
	} else if names != nil {
		r.Names = strings.Join(names, ",")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
