package outbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A Count is what is in the store for a route.
type Count struct {
	Route               string    `json:"route"`
	Waiting             int       `json:"waiting"`
	Dead                int       `json:"dead"`
	Oldest              time.Time `json:"oldest,omitzero"`      // when the oldest that waits was accepted
	OldestDead          time.Time `json:"oldestDead,omitzero"`  // likewise of the dead
	Paused              bool      `json:"paused"`               // by [Outbox.Pause]
	PausedUntil         time.Time `json:"pausedUntil,omitzero"` // until when nothing is sent, after a failure
	ConsecutiveFailures int       `json:"consecutiveFailures"`  // messages in a row that failed as a whole
	Leased              bool      `json:"leased"`               // some process is delivering
}

// Counts returns what is in the store for each route that it knows, by name, and
// for routes whose row has vanished or cannot be read, which are called #NUMBER. It is quick however
// much waits, since it counts at most 2,000 critical alerts and 2,000 others of
// each kind: 2,000 and more of one means that there may be any number. Oldest looks
// at the first hundred of each.
func (o *Outbox) Counts(ctx context.Context) (counts []Count, err error) {
	err = o.store.Do(ctx, func(t jobstore.Txn) (err error) {
		counts, _, err = countAll(t)
		return err
	})
	if err != nil {
		return nil, failure(ctx, "count", err)
	}
	return counts, nil
}

// countAll counts all routes. now is the time on the clock of the store.
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
func (c *Count) count(t jobstore.Txn, number int64) (err error) {
	var oldest, oldestDead int64
	if c.Waiting, oldest, err = t.Count(number, false); err != nil {
		return err
	}
	c.Dead, oldestDead, err = t.Count(number, true)
	c.Oldest, c.OldestDead = jobstore.Time(oldest), jobstore.Time(oldestDead)
	return err
}

// orphanName returns how a route is called that the store only knows by the jobs
// that it left.
func orphanName(number int64) string { return fmt.Sprintf("#%d", number) }
