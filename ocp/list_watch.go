package ocp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// maxConfirm bounds the alarms that one poll asks about by themselves. What is
// beyond waits for the next poll.
const maxConfirm = 100

// WatchOptions configures a [Watcher]. A nil *WatchOptions and the zero value
// of each field mean the default.
type WatchOptions struct {
	// Query narrows down what is watched. Its Status is always Active.
	Query Query

	// Interval is the time from one poll of Run to the next. Default: 1
	// minute.
	Interval time.Duration

	// TrustList takes an alarm that is missing from a complete list for
	// recovered without asking about it, as the vendor proposes: an alarm that
	// somebody silences then looks recovered, and so does one that slipped
	// from one page to another while they were read. Default: ask, one call
	// for each alarm that is missing.
	TrustList bool
}

// A Watcher tells what begins and what ends by reading the list of active
// alarms again and again. It is safe for concurrent use, and starts no
// goroutine.
//
// A list that was not read whole never means that something has recovered:
// after a page that failed, or pages that do not fit together, a poll changes
// nothing.
//
// What it knows lives in the process: after a start everything that is active
// is told as firing once more, and what recovered meanwhile is not told.
type Watcher struct {
	client   *Client
	query    Query
	interval time.Duration
	trust    bool
	turn     chan struct{}    // a token: who has it may poll
	known    map[string]Event // told as firing, by id; belongs to who polls
}

// NewWatcher returns a Watcher that knows of no alarm yet.
func NewWatcher(client *Client, opts *WatchOptions) (*Watcher, error) {
	var o WatchOptions
	if opts != nil {
		o = *opts
	}
	if client == nil {
		return nil, errors.New("ocp: new watcher: there is no client")
	}
	o.Query.Status, o.Query.More = "Active", maps.Clone(o.Query.More)
	if _, err := o.Query.values(1, "activeAtStart", "activeAtEnd"); err != nil {
		return nil, fmt.Errorf("ocp: new watcher: %w", err)
	}
	if o.Interval < 0 || o.Interval > 0 && o.Interval < time.Second {
		return nil, fmt.Errorf("ocp: new watcher: want an interval of at least 1s, not %v", o.Interval)
	}
	w := &Watcher{
		client: client, query: o.Query, interval: cmp.Or(o.Interval, defaultInterval), trust: o.TrustList,
		turn: make(chan struct{}, 1), known: map[string]Event{},
	}
	w.turn <- struct{}{}
	return w, nil
}

// Poll reads the list once and sends what has changed since: a firing alert
// for an alarm that is new or has another level, a resolved one for an alarm
// that is over. An alarm that ended and began anew in between, under another
// id, is told as both. What sink does not accept is sent again by the next Poll.
//
// An error is one of reading, an [*Error], after which nothing was sent and
// nothing has changed; or the one of sink.
func (w *Watcher) Poll(ctx context.Context, sink alert.Sender) error {
	select {
	case <-w.turn:
		defer func() { w.turn <- struct{}{} }()
	case <-ctx.Done():
		return &Error{Op: opEvents, Err: fmt.Errorf("waiting for another poll: %w", ctx.Err())}
	}
	active, err := w.batch(ctx)
	if err != nil {
		return err
	}
	ended, err := w.ended(ctx, active)
	if err != nil {
		return err
	}
	changes := append(w.begun(active), ended...)
	if len(changes) == 0 {
		return nil
	}
	alerts := make([]alert.Alert, len(changes))
	for i := range changes {
		alerts[i] = changes[i].Alert()
	}
	err = sink.Send(ctx, alerts...)
	for i := range changes {
		if alert.ErrorAt(err, i, len(changes)) == nil {
			w.learn(&changes[i])
		}
	}
	return err
}

// batch reads all active alarms, by their ids.
func (w *Watcher) batch(ctx context.Context) (map[string]Event, error) {
	active := map[string]Event{}
	for e, err := range read(ctx, w.client, &listing[Event]{
		op: opEvents, path: "alarms", query: w.query, from: "activeAtStart", to: "activeAtEnd",
		parse: parseEvent, id: func(e Event) string { return e.ID }, strict: true,
	}) {
		if err != nil {
			return nil, err
		}
		if e.is("Active") { // a server may ignore the query
			active[e.ID] = e
		}
	}
	return active, nil
}

// begun returns what is new, or has another level.
func (w *Watcher) begun(active map[string]Event) (changes []Event) {
	for id, e := range active {
		if known, ok := w.known[id]; !ok || known.Level != e.Level {
			changes = append(changes, e)
		}
	}
	slices.SortFunc(changes, byAge)
	return changes
}

// byAge compares ids, which are numbers that OCP counts up.
func byAge(a, b Event) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID)) }

// ended returns what was known, is missing, and is over.
func (w *Watcher) ended(ctx context.Context, active map[string]Event) (changes []Event, err error) {
	asked := 0
	for id, known := range w.known { // in any order, so that nobody always comes last
		if _, ok := active[id]; ok {
			continue
		}
		if w.trust {
			known.Status = "Inactive"
			changes = append(changes, known)
			continue
		}
		if asked++; asked > maxConfirm {
			break
		}
		now, err := w.confirm(ctx, &known)
		if err != nil {
			return nil, err
		}
		if now.is("Inactive") {
			changes = append(changes, now)
		}
	}
	slices.SortFunc(changes, byAge)
	return changes, nil
}

// confirm asks what has become of an alarm that is missing from the list. One
// that OCP no longer knows is over.
func (w *Watcher) confirm(ctx context.Context, known *Event) (Event, error) {
	now, err := w.client.Event(ctx, known.ID)
	if err == nil {
		over := *known
		over.Status, over.ResolvedAt, over.UpdatedAt = now.Status, now.ResolvedAt, now.UpdatedAt
		return over, nil
	}
	e, _ := err.(*Error) //nolint:errorlint // Event returns it bare
	if e.Err == nil && (errors.Is(e, CodeNoAlarm) || e.HTTPStatus == http.StatusNotFound) {
		over := *known
		over.Status = "Inactive"
		return over, nil
	}
	return Event{}, err
}

// learn notes what was told.
func (w *Watcher) learn(e *Event) {
	if e.is("Inactive") {
		delete(w.known, e.ID)
		return
	}
	kept := *e
	kept.Raw = nil // the greater part, and told already
	w.known[e.ID] = kept
}

// Run polls at once and then once an interval, until ctx ends, whose error it
// returns. onError is told of every poll that failed; it is required, since
// nothing else says that alarms are not seen.
func (w *Watcher) Run(ctx context.Context, sink alert.Sender, onError func(error)) error {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		if err := w.Poll(ctx, sink); err != nil && ctx.Err() == nil {
			onError(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
