package jobstore

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	MaxAlert     = 4 << 20 // the most bytes that an alert may have as JSON
	MaxErrorText = 1 << 10 // the most bytes of ErrorText
)

// An Entry is an alert on its way into the store.
type Entry struct {
	Event   Hash // its identity
	Problem Hash
	Lane    Lane
	Routes  []int64 // those whose filter lets it pass
	Watches []Watch // of the other routes that have a filter, and of those too
	Doc     []byte

	// Alert is what Decode returns of Doc; nil if only Decode knows.
	Alert *alert.Alert
}

// A Watch is what a route with a filter has to do with an entry that has a Problem.
type Watch struct {
	Route    int64
	Open     Hash // the event of the problem being open on the route
	Known    Hash // the event of the route having got the entry without being one of its Routes
	Passed   bool // the filter let it pass
	Follows  bool // it takes the route if the problem is open there
	Resolved bool // it ends the problem
}

// Encode makes an entry of an alert. One without an ID gets one.
func Encode(a *alert.Alert) (Entry, error) {
	clean := *a
	if clean.ID == "" {
		clean.ID = "outbox-" + rand.Text()
	}
	normalise(&clean)
	doc, err := json.Marshal(&clean)
	if err == nil && len(doc) > MaxAlert {
		err = fmt.Errorf("an alert of %d bytes, the most is %d", len(doc), MaxAlert)
	}
	l := Entry{Event: Identity(&clean, clean.ID), Doc: doc, Lane: LaneOf(clean.Severity)}
	if a.Key != "" && a.Status != alert.News { // news need no place among what is said of a problem
		l.Problem = Identity(&clean, clean.Key)
	}
	l.Alert = decoded(&clean)
	return l, err
}

// decoded returns an alert as it comes back from the store, with Labels of its own.
// It returns nil if it has text that is not UTF-8, which JSON replaces.
func decoded(a *alert.Alert) *alert.Alert {
	b := *a
	for _, s := range [...]string{
		a.Source, a.ID, a.Key, a.Level, a.Name, a.Summary, a.Product, a.Region, a.Resource, a.Instance, a.URL,
	} {
		if !utf8.ValidString(s) {
			return nil
		}
	}
	b.Labels = nil
	for name, value := range a.Labels {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil
		}
		if b.Labels == nil {
			b.Labels = make(map[string]string, len(a.Labels))
		}
		b.Labels[name] = value
	}
	for _, at := range [...]*time.Time{&b.StartsAt, &b.EndsAt} { // zones lose their names
		text, err := at.MarshalText()
		zero := at.IsZero()
		*at = time.Time{}
		if err != nil || !zero && at.UnmarshalText(text) != nil {
			return nil
		}
	}
	return &b
}

// Identity returns the identity of an ID or a Key. A test may bear that of a real
// alert, and must not be taken for it, nor the other way round.
func Identity(a *alert.Alert, name string) Hash {
	if a.Test {
		return HashOf("test", a.Source, name)
	}
	return HashOf(a.Source, name)
}

// normalise replaces what JSON cannot express. No alert is lost over it: a
// status that nobody knows counts as a problem, as everywhere.
func normalise(a *alert.Alert) {
	if a.Status > alert.News {
		a.Status = alert.Firing
	}
	a.Severity = min(max(a.Severity, alert.Info), alert.Critical)
	for _, at := range []*time.Time{&a.StartsAt, &a.EndsAt} {
		if _, err := at.MarshalText(); err != nil {
			*at = time.Time{}
		}
	}
}

// Decode reads what Encode wrote.
func Decode(doc []byte) (a alert.Alert, err error) {
	if err = json.Unmarshal(doc, &a); err != nil {
		return alert.Alert{}, fmt.Errorf("the alert in the store cannot be read: %w", err)
	}
	return a, nil
}

// ErrorText returns what is kept of an error: its text, which holds no secret,
// as valid UTF-8 within a bound.
func ErrorText(err error) string {
	text := strings.ToValidUTF8(err.Error(), "�")
	text = strings.ReplaceAll(text, "\x00", "�")
	if len(text) <= MaxErrorText {
		return text
	}
	const mark = "…"
	end := MaxErrorText - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// Time returns the time of milliseconds, zero for zero.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
