package ocp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"

	"github.com/tocsin-go/tocsin/alert"
)

// SenderOptions configures a [Sender]. A nil *SenderOptions and the zero value
// of each field mean the default.
type SenderOptions struct {
	// AlarmType chooses the rule for an alert. It must neither keep nor modify
	// the alert and is called concurrently; "" means the alarm type of the
	// Sender. Rules differ in level, so this is where the severity of an alert
	// becomes a level of OCP. Default: one rule for all.
	AlarmType func(a alert.Alert) string

	// Labels is added to the labels of every alarm, and wins over what comes
	// from alerts: the variables of your templates that are always the same.
	Labels map[string]string

	// Alarm has the last word about what is pushed for an alert, as
	// [Sender.Alarm] describes it. It must neither keep nor modify the alert and
	// is called concurrently. Default: that.
	Alarm func(a alert.Alert, proposed Alarm) Alarm
}

// A Sender pushes alerts to OCP, one call an alert. It is immutable, safe for
// concurrent use, and needs no closing.
//
// What OCP gets to know of an alert:
//
//   - its target, made of Source and Key, so that everything said about one
//     problem is about one alarm. Without a Key it is made of Source, Product,
//     Region, Resource or Instance, and Name.
//   - as labels its own Labels and, as alert_source, alert_key, alert_name,
//     alert_summary, alert_product, alert_region, alert_resource,
//     alert_instance, alert_url, alert_severity, alert_level, alert_status,
//     alert_starts_at, the fields that are not empty. Texts are cut to one
//     line of 1024 bytes. Of a test alert_test is true and alert_name begins with
//     "[Test] "; its target is another one than that of a real problem.
//
// What it does not get to know is that a problem is over, as there is no way
// to say so: an alarm ends by itself when it is not pushed again, 5 minutes
// after the last time by default. A Resolved alert is therefore accepted
// without a call, and one alone pushes once: let a [Repeater] keep the alarm
// alive while the problem lasts. Nor does it get to know of [alert.News], since
// whatever is pushed is an alarm.
//
// [alert.NoData] is pushed like Firing, with another alert_status. What OCP does
// about a test its rule decides: AlarmType can give tests one of their own.
type Sender struct {
	client    *Client
	alarmType string
	choose    func(a alert.Alert) string
	labels    map[string]string
	adjust    func(a alert.Alert, proposed Alarm) Alarm
}

var _ alert.Sender = (*Sender)(nil)

// NewSender returns a Sender that pushes through a client. The alarm type is
// the name of the rule that the alarms belong to, as [Alarm].Type describes.
func NewSender(client *Client, alarmType string, opts *SenderOptions) (*Sender, error) {
	var o SenderOptions
	if opts != nil {
		o = *opts
	}
	if client == nil {
		return nil, errors.New("ocp: new sender: there is no client")
	}
	probe := Alarm{Type: alarmType, Target: "x", Labels: o.Labels}
	if err := probe.Validate(); err != nil {
		return nil, fmt.Errorf("ocp: new sender: %w", err)
	}
	return &Sender{client: client, alarmType: alarmType, choose: o.AlarmType, labels: maps.Clone(o.Labels), adjust: o.Alarm}, nil
}

// Send pushes each alert that reports a problem, one after the other. What
// became of each is in the [alert.PartialError]; its entries are [*Error].
// After a failure that all would share, such as a refused login, a rate limit
// or a server that does not answer, the rest is not tried. Under [alert.Once]
// each push makes one attempt.
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	errs := make([]error, len(alerts))
	var rest error
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
func forTheRest(err error) error {
	e, ok := err.(*Error) //nolint:errorlint // Push returns it bare
	if !ok || !e.isGeneral() {
		return nil
	}
	rest := *e
	rest.Err = &notTried{e}
	return &rest
}

// A notTried is why a push was not made: that of another one failed. Its
// outcome is certain, whatever that of the other.
type notTried struct{ cause *Error }

// Error names the cause.
func (n *notTried) Error() string { return "not tried after: " + n.cause.Error() }

// Is makes it match what the cause matches, but for its doubts.
func (n *notTried) Is(target error) bool {
	return target != alert.ErrUncertain && errors.Is(n.cause, target)
}

// Retryable reports what the cause says.
func (n *notTried) Retryable() bool { return n.cause.Retryable() }

// String names the client.
func (s *Sender) String() string {
	if s == nil {
		return "ocp.Sender(nil)"
	}
	return "ocp.Sender(" + s.client.base.Host + ")"
}

// Format prints what String returns for every verb.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }
