package ocp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// SenderOptions configures a [Sender]. Nil and zero values mean the defaults.
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

const (
	maxPart  = 120 // bytes of one value in a target
	maxValue = 1024
	maxOwn   = 64 // labels of an alert that are kept
	maxSpace = 32 << 10
)

// Alarm returns what Send pushes for an alert.
func (s *Sender) Alarm(a alert.Alert) Alarm {
	alarm := Alarm{Type: s.alarmType, Target: target(&a), Labels: labels(&a)}
	if s.adjust != nil {
		alarm = s.adjust(a, alarm)
	}
	return alarm
}

// target returns the name of the problem that an alert is about: the same for
// everything that is said about it, and another one for every other problem.
func target(a *alert.Alert) string {
	parts := [][2]string{{"source", a.Source}, {"key", a.Key}}
	if a.Key == "" {
		parts = [][2]string{
			{"source", a.Source}, {"product", a.Product}, {"region", a.Region},
			{"resource", cmp.Or(a.Resource, a.Instance)}, {"name", a.Name},
		}
	}
	if a.Test {
		parts = slices.Insert(parts, 0, [2]string{"test", "true"})
	}
	var known []string
	for _, part := range parts {
		if part[1] != "" {
			known = append(known, part[0]+"="+targetValue(part[1]))
		}
	}
	return cmp.Or(strings.Join(known, ":"), "source=unknown")
}

// targetValue returns s in a form that holds nothing but letters, digits and a
// few signs: OCP takes targets apart at colons and equals signs. What was
// changed or cut gets a sum behind it, so that no two problems become one.
func targetValue(s string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./@+,#", r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(s, "_"))
	short := markup.OneLine(plain, maxPart)
	if short == s {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.TrimSuffix(short, "…") + "~" + hex.EncodeToString(sum[:6])
}

// labels returns the labels of an alert: its fields first, then its own ones
// by name, as far as there is room.
func labels(a *alert.Alert) map[string]string {
	all := map[string]string{}
	room := maxSpace
	add := func(name, value string) {
		value = markup.OneLine(value, maxValue)
		// A value may take six bytes a character in JSON.
		if size := len(name) + len(encodeJSON(value)) + len(`"":,`); value != "" && size <= room && all[name] == "" {
			all[name] = value
			room -= size
		}
	}
	name, test, began := a.Name, "", ""
	if !a.StartsAt.IsZero() {
		began = a.StartsAt.Format(time.RFC3339)
	}
	if a.Test {
		name, test = "[Test] "+name, "true"
	}
	for _, f := range [...][2]string{
		{"alert_test", test}, {"alert_status", a.Status.String()}, {"alert_severity", a.Severity.String()}, {"alert_level", a.LevelWord()},
		{"alert_source", a.Source}, {"alert_key", a.Key}, {"alert_name", name}, {"alert_summary", a.Summary},
		{"alert_product", a.Product}, {"alert_region", a.Region}, {"alert_resource", a.Resource},
		{"alert_instance", a.Instance}, {"alert_url", a.URL}, {"alert_starts_at", began},
	} {
		add(f[0], f[1])
	}
	names := slices.Sorted(maps.Keys(a.Labels))
	for _, name := range names[:min(len(names), maxOwn)] {
		add(labelName(name), a.Labels[name])
	}
	return all
}

// labelName returns the name of a label as a template can use it. What would
// pass for a field of the alert, or for what OCP itself sets, is told apart.
func labelName(s string) string {
	name := strings.Map(func(r rune) rune {
		if isAlphanumeric(r) || r == '_' {
			return r
		}
		return '_'
	}, s)
	name = name[:min(len(name), 64)]
	if name == "" || strings.HasPrefix(name, "alert_") || strings.HasPrefix(name, "alarm_") {
		name = "label_" + name
	}
	return name
}
