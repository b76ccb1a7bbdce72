package ocp

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/alert"
)

// SenderOptions configures a [Sender]. A nil *SenderOptions and the zero value
// of each field mean the default.
type SenderOptions struct {
	// Alarm has the last word about what is pushed for an alert. Rules differ in
	// level, so this is where the severity of an alert becomes a level of OCP, by
	// another Type, and where labels of your templates are added. It must neither
	// keep nor modify the alert and is called concurrently. Default: what
	// [Sender.Alarm] proposes.
	Alarm func(a alert.Alert, proposed Alarm) Alarm
}

// A Sender pushes alerts to OCP, one call an alert. It is immutable, safe for
// concurrent use, and needs no closing.
//
// What OCP gets to know of an alert:
//
//   - its target, made of Source and Key, or, without a Key, of Source, Product,
//     Region, Resource or Instance, and Name.
//   - as labels its own Labels and, as alert_source, alert_key, alert_name,
//     alert_summary, alert_product, alert_region, alert_resource,
//     alert_instance, alert_url, alert_severity, alert_level, alert_status,
//     alert_starts_at, the fields that are not empty. Texts are cut to one
//     line of 1024 bytes. Of a test alert_test is true and alert_name begins with
//     "[Test] "; its target is another one than that of a real problem.
//
// There is no way to say that a problem is over, and whatever is pushed is an
// alarm: [alert.Resolved] and [alert.News] are accepted without a call. A Sender
// alone pushes once; let a [Repeater] keep the alarm alive while the problem lasts.
// [alert.NoData] is pushed like Firing, with another alert_status.
type Sender struct {
	client    *Client
	alarmType string
	adjust    func(a alert.Alert, proposed Alarm) Alarm
}

var _ alert.Sender = (*Sender)(nil)

// NewSender returns a Sender that pushes through a client. The alarm type is
// the name of the rule that the alarms belong to, as [Alarm].Type describes.
func NewSender(client *Client, alarmType string, opts *SenderOptions) (*Sender, error) {
	if client == nil {
		return nil, errors.New("ocp: new sender: there is no client")
	}
	if err := (Alarm{Type: alarmType, Target: "x"}).Validate(); err != nil {
		return nil, fmt.Errorf("ocp: new sender: %w", err)
	}
	return &Sender{client: client, alarmType: alarmType, adjust: cmp.Or(opts, &SenderOptions{}).Alarm}, nil
}

// Send pushes each alert that reports a problem, one after the other. The entries
// of its [alert.PartialError] are [*Error]. After a failure that all would share, such as a refused login, a rate limit
// or a server that does not answer, the rest is not tried. Under [alert.Once]
// each push makes one attempt.
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	errs := make([]error, len(alerts))
	var rest *Error
	for i := range alerts {
		switch {
		case !alerts[i].Status.Open() && ctx.Err() == nil:
		case rest != nil:
			errs[i] = rest
		default:
			errs[i] = s.push(ctx, &alerts[i])
			rest = forTheRest(errs[i])
		}
	}
	return alert.Partial(errs)
}

func (s *Sender) push(ctx context.Context, a *alert.Alert) error {
	return s.client.Push(ctx, s.Alarm(*a))
}

// forTheRest returns the error of the pushes that are not made because one
// failed, or nil if they may do better.
func forTheRest(err error) *Error {
	e, ok := err.(*Error) //nolint:errorlint // Push returns it bare
	if !ok || !e.isGeneral() {
		return nil
	}
	rest := *e
	rest.untried = true
	return &rest
}
