package wecom

import (
	"bytes"
	"encoding/json"
)

// appendMessage appends a message whose body is made of many fields. What it
// writes has no null in it, since no type of a body has pointers, and empty
// lists are left out. It escapes neither <, > nor &.
func appendMessage(dst []byte, msgtype string, body any) []byte {
	dst = append(dst, `{"msgtype":"`+msgtype+`","`+msgtype+`":`...)
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		// Strings, integers, and a ratio that check found to be a number.
		panic("wecom: " + err.Error())
	}
	return append(bytes.TrimSuffix(buf.Bytes(), []byte("\n")), '}')
}
