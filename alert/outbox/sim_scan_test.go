package outbox_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A place is where an alert is found in the store.
type place struct{ route, name string }

// scan returns all alerts that are in the store.
func (s *simStore) scan() map[place]found {
	all := make(map[place]found)
	s.do(func(t jobstore.Txn) {
		names, err := t.Routes()
		require.NoError(s.w, err)
		for number, name := range names {
			for _, dead := range [...]bool{false, true} {
				jobs, err := t.List(number, dead, 0, math.MaxInt32)
				require.NoError(s.w, err)
				for i := range jobs {
					all[place{name, s.name(&jobs[i])}] = found{jobs[i], t.Now()}
				}
			}
		}
	})
	return all
}

// name returns the name of an alert in the store.
func (s *simStore) name(j *jobstore.Job) string {
	if s.names[j.Number] == "" {
		a, err := jobstore.Decode(j.Doc)
		require.NoError(s.w, err)
		s.names[j.Number] = a.Name
	}
	return s.names[j.Number]
}

// found is an alert in the store.
type found struct {
	jobstore.Job

	now int64
}

func (f *found) String() string {
	return fmt.Sprintf("%d attempts, due in %v, cause %q, error %q", f.Attempts, time.Duration(f.Due-f.now)*time.Millisecond, f.Cause, f.Error)
}

// dump describes what waits in the store.
func (s *simStore) dump() string {
	var b strings.Builder
	s.do(func(t jobstore.Txn) {
		names, err := t.Routes()
		require.NoError(s.w, err)
		for number, name := range names {
			r, err := t.Look(number)
			require.NoError(s.w, err)
			fmt.Fprintf(&b, "in the store of %s at %d: %+v\n", name, t.Now(), *r)
			jobs, err := t.List(number, false, 0, 50)
			require.NoError(s.w, err)
			for i := range jobs {
				j := jobs[i]
				j.Problem, j.Doc = "", nil
				fmt.Fprintf(&b, "  %s: %+v\n", s.name(&jobs[i]), j)
			}
		}
	})
	return b.String()
}

// vanish takes the row of some route away.
func (w *world) vanish(rng *rand.Rand) {
	if w.duty != nil {
		return
	}
	d := w.plan.routes[rng.IntN(len(w.plan.routes))]
	w.note("%s vanishes from the store", d.name)
	w.store.vanish(d.name)
	w.judge.mu.Lock()
	w.judge.vanished[d] = w.now()
	w.judge.mu.Unlock()
	w.judge.disturb(d.name, 0)
}

// A pace is what was sent to a destination, and who is sending.
type pace struct {
	mu    sync.Mutex
	times []time.Time
	busy  *sending
}

// take counts a message, and looks at the budget.
func (d *destination) take(w *world) {
	d.mu.Lock()
	d.times = append(d.times, time.Now())
	n, most := len(d.times), d.opts.Budget.Messages
	d.mu.Unlock()
	if most == 0 || n <= most || w.plan.slow() {
		return
	}
	span := d.times[n-1].Sub(d.times[n-1-most])
	w.mu.Lock()
	jumped := w.forward.After(d.times[n-1-most])
	w.mu.Unlock()
	w.judge.mu.Lock()
	_, vanished := w.judge.vanished[d]
	w.judge.mu.Unlock()
	if span < d.opts.Budget.Per-20*time.Millisecond && !jumped && !vanished {
		w.fail("%s: %d messages within %v, want at most %d in %v", d.name, most+1, span, most, d.opts.Budget.Per)
	}
}

// slow reports whether a message can follow its token late, because of the store.
func (p *plan) slow() bool {
	for _, t := range p.troubles {
		if slices.Contains(storeTroubles, t.kind) {
			return true
		}
	}
	return false
}

// enter notes who sends, and returns who else does.
func (d *destination) enter(s *sending) (before *sending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, d.busy = d.busy, s
	return before
}

func (d *destination) leave(s *sending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy == s {
		d.busy = nil
	}
}

// loses reports whether a worker may lose its route without knowing what it has claimed.
func (p *plan) loses() bool {
	jumps := false
	p.w.mu.Lock()
	jumps = !p.w.forward.IsZero()
	p.w.mu.Unlock()
	return jumps || p.slow()
}
