package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A Selection is some of the alerts that wait on a route. The zero value is all.
type Selection struct {
	Numbers   []int64       // those; none: all
	OlderThan time.Duration // of these, those that were accepted so long ago
}

// A Change counts what an operation did with the alerts of a [Selection].
type Change struct {
	Alerts  int `json:"alerts"`  // that were changed
	Claimed int `json:"claimed"` // left alone, since a worker is sending them: try again, or find them delivered
	Known   int `json:"known"`   // left alone, since the other route has, or had, the same alert
}

// DropPending forgets alerts that wait on a route, for good: nobody hears of them
// there. The route may be one that no program has any more, here and below.
func (o *Outbox) DropPending(ctx context.Context, route string, s Selection) (Change, error) {
	return o.eachPending(ctx, "drop", route, s, func(t jobstore.Txn, from int64, jobs []jobstore.Job) (Change, error) {
		n, err := t.Remove(from, numbersOf(jobs))
		return Change{Alerts: n}, err
	})
}

// ExpirePending ends alerts that wait on a route as dead letters of the cause
// [Expired], as MaxAge does. They can be requeued.
func (o *Outbox) ExpirePending(ctx context.Context, route string, s Selection) (Change, error) {
	return o.eachPending(ctx, "expire", route, s, func(t jobstore.Txn, from int64, jobs []jobstore.Job) (c Change, err error) {
		for _, g := range groups(jobs, func(j *jobstore.Job) jobstore.Change {
			return jobstore.Change{Stage: jobstore.StageDead, Due: t.Now(), Cause: string(Expired), Error: j.Error}
		}) {
			n, err := t.Change(from, g.numbers, g.change)
			if err != nil {
				return c, err
			}
			c.Alerts += n
		}
		return c, nil
	})
}

// MovePending gives alerts that wait on a route to another one, which this Outbox
// must have and which is none of an escalation: as if they were accepted now, in
// the order in which they were. An alert that the other route was given when it was
// accepted, or by MovePending before, is left where it is, so that no telephone
// rings twice.
func (o *Outbox) MovePending(ctx context.Context, from, to string, s Selection) (Change, error) {
	routes, err := o.enrolled(ctx)
	if err != nil {
		return Change{}, failure(ctx, "move", err)
	}
	m := move{o: o}
	if i := slices.IndexFunc(routes, func(r *route) bool { return r.name == to }); i >= 0 {
		m.to = routes[i]
	}
	switch {
	case m.to == nil:
		return Change{}, &Error{Op: "move", Err: fmt.Errorf("to %q: %w", to, ErrUnknownRoute), final: true}
	case m.to.participant != nil:
		return Change{}, &Error{Op: "move", Err: fmt.Errorf("to %q: it belongs to an escalation", to), final: true}
	case from == to:
		return Change{}, &Error{Op: "move", Err: errors.New("from a route to itself"), final: true}
	}
	defer m.to.notify()
	return o.eachPending(ctx, "move", from, s, m.move)
}

// A move is one call of MovePending.
type move struct {
	o  *Outbox
	to *route
}

func (m *move) move(t jobstore.Txn, from int64, jobs []jobstore.Job) (c Change, err error) {
	if _, err := t.Lock(m.to.number); err != nil {
		return c, err
	}
	if _, err := t.Reserve(1); err != nil {
		return c, err
	}
	events := make([]jobstore.Hash, len(jobs))
	entries := make([]jobstore.Entry, len(jobs))
	var asked []jobstore.Hash
	for i := range jobs {
		a, err := jobstore.Decode(jobs[i].Doc)
		if err != nil || m.has(&jobs[i], &a) {
			continue
		}
		entries[i] = jobstore.Entry{Event: jobstore.Identity(&a, a.ID), Problem: jobs[i].Problem}
		events[i] = m.to.knows(entries[i].Event)
		if m.to.opts.Filter != nil && jobs[i].Problem != "" {
			w, _ := m.to.watch(a, &entries[i], true)
			entries[i].Watches = []jobstore.Watch{w}
		}
		if !slices.Contains(asked, events[i]) {
			asked = append(asked, events[i])
		}
	}
	window := cmp.Or(max(m.o.opts.Window, 0), defaultWindow)
	fresh, err := t.Remember(asked, t.Now()+window.Milliseconds())
	if err != nil {
		return c, err
	}
	var numbers []int64
	var moved []jobstore.Entry
	for i := range jobs {
		if e := events[i]; fresh[e] {
			fresh[e] = false
			numbers, moved = append(numbers, jobs[i].Number), append(moved, entries[i])
		}
	}
	c.Known = len(jobs) - len(numbers)
	if _, err := follow(t, moved); err != nil {
		return c, err
	}
	c.Alerts, err = t.Move(from, numbers, m.to.number)
	return c, err
}

// has reports whether the route got the alert when it was accepted. What was
// accepted before there was the route has a smaller number.
func (m *move) has(j *jobstore.Job, a *alert.Alert) bool {
	filter := m.to.opts.Filter
	return j.Number > m.to.number && (filter == nil || filter(*a))
}

// A pendingFunc changes jobs that wait on a route.
type pendingFunc func(t jobstore.Txn, from int64, jobs []jobstore.Job) (Change, error)

// eachPending applies f to alerts that wait, some in each transaction, but not to
// those that a worker has claimed.
func (o *Outbox) eachPending(ctx context.Context, op, route string, s Selection, f pendingFunc) (total Change, err error) {
	p := pendingStep{o: o, route: route, older: s.OlderThan, f: f}
	chunks := slices.Collect(slices.Chunk(s.Numbers, allStep))
	for n := 0; err == nil && !p.done && (n == 0 || n < len(chunks)); {
		if len(chunks) > 0 {
			p.numbers = chunks[n]
			n++
		}
		if err = o.on(ctx, op, route, p.run); err == nil {
			total = Change{total.Alerts + p.change.Alerts, total.Claimed + p.change.Claimed, total.Known + p.change.Known}
			p.after = p.last
		} else if total.Alerts > 0 && errors.Is(err, ErrUnknownRoute) {
			err = nil // the last job of a route that has vanished is gone
			break
		}
	}
	if total.Alerts > 0 {
		o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "operator: "+op+" pending alerts", slog.String("route", route), slog.Int("alerts", total.Alerts))
	}
	return total, err
}

// A pendingStep is one transaction of eachPending.
type pendingStep struct {
	o       *Outbox
	route   string
	numbers []int64 // none: all
	older   time.Duration
	f       pendingFunc
	after   int64

	last   int64 // that was looked at
	done   bool  // there is no more
	change Change
}

func (p *pendingStep) run(t jobstore.Txn, from int64) error {
	p.last, p.done, p.change = p.after, false, Change{}
	claimed, err := p.o.claimed(t, p.route, from)
	if err != nil {
		return err
	}
	var jobs []jobstore.Job
	if len(p.numbers) > 0 {
		jobs, err = t.Jobs(from, p.numbers)
	} else {
		jobs, err = t.List(from, false, p.after, allStep)
		p.done = len(jobs) < allStep
	}
	if err != nil {
		return err
	}
	free, busy := make([]jobstore.Job, 0, len(jobs)), 0
	for i := range jobs {
		j := &jobs[i]
		p.last = max(p.last, j.Number)
		switch {
		case j.Stage == jobstore.StageDead || j.Accepted > t.Now()-p.older.Milliseconds():
		case slices.Contains(claimed, j.Number):
			busy++
		default:
			free = append(free, *j)
		}
	}
	if len(free) > 0 {
		p.change, err = p.f(t, from, free)
	}
	p.change.Claimed = busy
	return err
}

// claimed locks a route, so that no worker claims anything, and returns what one
// has claimed. What a worker claimed that died may have been delivered. A worker
// that comes judges it; where none can come, since the route is not of this
// program, it ends as a dead letter here.
func (o *Outbox) claimed(t jobstore.Txn, name string, number int64) ([]int64, error) {
	r, err := t.Lock(number)
	if errors.Is(err, jobstore.ErrNoRoute) {
		return nil, nil // whose jobs are orphans
	}
	if err != nil {
		return nil, err
	}
	if len(r.Claimed) == 0 || r.Expires > t.Now() || o.has(name) {
		return r.Claimed, nil
	}
	_, err = t.Change(number, r.Claimed, uncertain(t.Now()))
	err = errors.Join(err, t.Forget(inFlight(name, r.Claimed)))
	r.Owner, r.Epoch, r.Claimed = "", r.Epoch+1, nil
	return nil, errors.Join(err, t.Put(number, r))
}

// has reports whether the outbox has a route.
func (o *Outbox) has(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.routes, func(r *route) bool { return r.name == name })
}

func numbersOf(jobs []jobstore.Job) []int64 {
	numbers := make([]int64, len(jobs))
	for i := range jobs {
		numbers[i] = jobs[i].Number
	}
	return numbers
}
