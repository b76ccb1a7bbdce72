package ocp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// An Alarm is what can be told to OCP of a problem: that it exists, once more.
// Title, level and description come from the rule, whose templates are filled
// with the labels. OCP ends an alarm that is not pushed again within the
// elimination period of its rule, 5 minutes by default.
//
// Vendor page: zh-CN/1900.reference-guide/200.api-reference/1000.alert/100.call-an-alert-api.md
// of https://github.com/oceanbase/ocp-doc, branch V4.2.2.
type Alarm struct {
	// Type is the name of an alarm rule: letters, digits and underscores, at
	// most 128 bytes. Create the rule first, with an empty expression.
	Type string

	// Target names what the alarm is about, in at most 1024 bytes. Type and
	// Target together are the identity of the alarm. Those of OCP look like
	// ob_cluster=demo-1:svr_ip=192.0.2.20.
	Target string

	// Labels are the variables of the rule's templates, at most 256, with
	// names of at most 128 bytes. The whole request has at most 64 KiB.
	Labels map[string]string
}

// Validate returns nil, or a [*FieldError].
func (a Alarm) Validate() error {
	_, err := a.encode()
	return err
}

// encode returns the request as JSON, or what is wrong with the alarm. OCP documents
// no bounds; these keep a mistake small.
func (a Alarm) encode() ([]byte, error) {
	switch {
	case a.Type == "" || len(a.Type) > 128 || strings.ContainsFunc(a.Type, func(r rune) bool { return r != '_' && !isAlphanumeric(r) }):
		return nil, &FieldError{Field: "alarmType", Reason: "want the name of a rule: 1 to 128 letters, digits and underscores"}
	case strings.TrimSpace(a.Target) == "" || len(a.Target) > 1024 || !isText(a.Target):
		return nil, &FieldError{Field: "target", Reason: "want 1 to 1024 bytes of UTF-8 in one line"}
	case len(a.Labels) > 256:
		return nil, &FieldError{Field: "labels", Reason: fmt.Sprintf("%d labels, limit 256", len(a.Labels))}
	}
	for name := range a.Labels {
		if strings.TrimSpace(name) == "" || len(name) > 128 || !isText(name) {
			return nil, &FieldError{Field: "labels", Reason: "a name is empty, longer than 128 bytes, or not UTF-8 in one line"}
		}
	}
	labels := a.Labels
	if labels == nil {
		labels = map[string]string{} // OCP wants an object
	}
	body := encodeJSON(struct {
		Type   string            `json:"alarmType"`
		Labels map[string]string `json:"labels"`
		Target string            `json:"target"`
	}{a.Type, labels, a.Target})
	if len(body) > 64<<10 {
		return nil, &FieldError{Field: "body", Reason: fmt.Sprintf("%d bytes, limit 65536 bytes", len(body))}
	}
	return body, nil
}

// encodeJSON returns v as JSON without what is for web pages.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("ocp: " + err.Error()) // strings always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Push tells OCP that an alarm exists. It repeats failures that pass, and also
// an unknown outcome, since pushing twice is what keeps an alarm alive anyway.
// After a login that was refused, calls fail at once for ten minutes, since each
// further try may lock the account. While OCP's rate limit is used up, calls wait
// as long as ctx lasts, or fail with an error that answers RetryAfter under
// [alert.Once].
//
// nil means that OCP took it: what channels it then notifies is not said.
func (c *Client) Push(ctx context.Context, a Alarm) error {
	body, err := a.encode()
	if err != nil {
		return &Error{Op: opPush, Err: err}
	}
	_, err = c.do(ctx, opPush, http.MethodPost, "alarms", nil, body)
	return err
}
