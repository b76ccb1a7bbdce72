package ocp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Bounds of an Alarm. OCP documents none; these keep a mistake small.
const (
	maxType   = 128      // bytes
	maxTarget = 1024     // bytes
	maxLabels = 256      // labels
	maxName   = 128      // bytes of the name of a label
	maxPush   = 64 << 10 // bytes of the request
)

// An Alarm is what can be told to OCP of a problem: that it exists, once more.
// Title, level and description come from the rule, whose templates are filled
// with the labels. There is no way to say that it is over: OCP ends an alarm
// that is not pushed again within the elimination period of its rule, which
// is 5 minutes unless the rule says otherwise.
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

// encode returns the request as JSON, or what is wrong with the alarm.
func (a Alarm) encode() ([]byte, error) {
	switch {
	case a.Type == "" || len(a.Type) > maxType || strings.ContainsFunc(a.Type, func(r rune) bool { return r != '_' && !isAlphanumeric(r) }):
		return nil, &FieldError{Field: "alarmType", Reason: fmt.Sprintf("want the name of a rule: 1 to %d letters, digits and underscores", maxType)}
	case strings.TrimSpace(a.Target) == "" || len(a.Target) > maxTarget || !isText(a.Target):
		return nil, &FieldError{Field: "target", Reason: fmt.Sprintf("want 1 to %d bytes of UTF-8 in one line", maxTarget)}
	case len(a.Labels) > maxLabels:
		return nil, &FieldError{Field: "labels", Reason: fmt.Sprintf("%d labels, limit %d", len(a.Labels), maxLabels)}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if strings.TrimSpace(name) == "" || len(name) > maxName || !isText(name) {
			return nil, &FieldError{Field: "labels", Reason: fmt.Sprintf("a name is empty, longer than %d bytes, or not UTF-8 in one line", maxName)}
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
	if len(body) > maxPush {
		return nil, &FieldError{Field: "body", Reason: fmt.Sprintf("%d bytes, limit %d bytes", len(body), maxPush)}
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
	_, err = c.do(ctx, &request{op: opPush, method: http.MethodPost, path: []string{"alarms"}, body: body})
	return err
}
