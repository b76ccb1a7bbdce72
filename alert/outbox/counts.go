package outbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	tallyStep = 20_000                // alerts of each kind in one transaction
	tallyTime = 50 * time.Millisecond // for one count
)

// A Count is what is in the store for a route.
type Count struct {
	Route               string    `json:"route"`
	Waiting             int       `json:"waiting"`
	Dead                int       `json:"dead"`
	AtLeast             bool      `json:"atLeast,omitempty"`    // there are more than Waiting and Dead say: ask again
	Oldest              time.Time `json:"oldest,omitzero"`      // when the oldest that waits was accepted
	OldestDead          time.Time `json:"oldestDead,omitzero"`  // likewise of the dead
	Paused              bool      `json:"paused"`               // by [Outbox.Pause]
	PausedUntil         time.Time `json:"pausedUntil,omitzero"` // until when nothing is sent, after a failure
	ConsecutiveFailures int       `json:"consecutiveFailures"`  // messages in a row that failed as a whole
	Leased              bool      `json:"leased"`               // some process is delivering
}

// Counts returns what is in the store for each route that it knows, by name, and
// for routes whose row has vanished or cannot be read, which are called #NUMBER. The
// store keeps the numbers, so that it is quick however much waits. What is new since the
// last count, at most a minute ago while Run runs, is counted first, for a twentieth of a
// second. If that is too short, as after a start with very much in the store, AtLeast is
// set. Oldest looks at the first hundred critical alerts and the first hundred others.
func (o *Outbox) Counts(ctx context.Context) ([]Count, error) {
	counts, _, err := o.counts(ctx)
	if err != nil {
		return nil, failure(ctx, "count", err)
	}
	return counts, nil
}

// counts counts all routes. now is the time on the clock of the store.
func (o *Outbox) counts(ctx context.Context) (counts []Count, now time.Time, err error) {
	for again := false; ; again = true {
		err = o.store.Do(ctx, func(t jobstore.Txn) (err error) {
			counts, now, err = countAll(t)
			return err
		})
		if again || err != nil || !slices.ContainsFunc(counts, func(c Count) bool { return c.AtLeast }) {
			return counts, now, err
		}
		if err := o.tally(ctx, time.Now().Add(tallyTime)); err != nil {
			return nil, now, err
		}
	}
}

// tally counts what is new in the store, one step for each route and more until a time
// or, if that is zero, all.
func (o *Outbox) tally(ctx context.Context, until time.Time) error {
	var names map[int64]string
	err := o.store.Do(ctx, func(t jobstore.Txn) (err error) {
		names, err = t.Routes()
		return err
	})
	for number := range names {
		for more := err == nil; more; more = more && err == nil && (until.IsZero() || time.Now().Before(until)) {
			err = o.store.Locked(ctx, func(t jobstore.Txn) (err error) {
				more, err = t.Tally(number, tallyStep)
				return err
			})
		}
	}
	return err
}

func countAll(t jobstore.Txn) (counts []Count, now time.Time, err error) {
	names, err := t.Routes()
	if err != nil {
		return nil, now, err
	}
	for number, name := range names {
		r, err := t.Look(number)
		if err != nil {
			return nil, now, err
		}
		c := Count{Route: name, ConsecutiveFailures: r.ConsecutiveFailures, Leased: r.Expires > t.Now(), Paused: r.Stopped}
		if r.PausedUntil > t.Now() {
			c.PausedUntil = jobstore.Time(r.PausedUntil)
		}
		if err := c.count(t, number); err != nil {
			return nil, now, err
		}
		counts = append(counts, c)
	}
	orphans, err := t.Orphans()
	for _, number := range orphans {
		c := Count{Route: orphanName(number)}
		if err := c.count(t, number); err != nil {
			return nil, now, err
		}
		counts = append(counts, c)
	}
	slices.SortFunc(counts, func(a, b Count) int { return cmp.Compare(a.Route, b.Route) })
	return counts, jobstore.Time(t.Now()), err
}

// count counts the alerts of one route.
func (c *Count) count(t jobstore.Txn, number int64) error {
	waiting, err := t.Count(number, jobstore.StageReady)
	if err != nil {
		return err
	}
	dead, err := t.Count(number, jobstore.StageDead)
	c.Waiting, c.Dead, c.AtLeast = waiting.Jobs, dead.Jobs, waiting.AtLeast || dead.AtLeast
	c.Oldest, c.OldestDead = jobstore.Time(waiting.Oldest), jobstore.Time(dead.Oldest)
	return err
}

// orphanName returns how a route is called that the store only knows by the jobs
// that it left.
func orphanName(number int64) string { return fmt.Sprintf("#%d", number) }
