package jobstore

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"
	"sync"
)

// raiseEvery is how many jobs of a route are settled until its mark is looked for anew.
const raiseEvery = 1000

// A mark is the number below which a route has no job that is not dead, so that a claim
// does not walk through what was removed: PostgreSQL keeps the entries of its indices
// while another session holds a snapshot from before. It may be too low and never too
// high:
//
//   - It is raised under the lock of the route, to a number that was committed. Whoever
//     accepts holds the row of outbox_guard until the end of its transaction, so that
//     all numbers which nobody can see yet are greater than those that were committed.
//   - A job that gets on the route with a number of its own, requeued or moved, lowers
//     it first, which takes the lock of the row until that job can be seen.
//
// A worker that takes the route over sets all of it to 0, for the sake of rows that
// somebody has changed by hand.
//
// It also counts: how many jobs of each stage have numbers up to counted. Whoever adds
// jobs has greater numbers and need not know of it; all others hold the lock.
type mark struct {
	low     int64
	counted int64
	jobs    [StageDead + 1]int64

	locked, changed bool
}

// columns returns where the columns of the mark go.
func (m *mark) columns() []any {
	return []any{&m.low, &m.counted, &m.jobs[StageReady], &m.jobs[StageDead]}
}

// values returns the columns of the mark, and the route that they are of.
func (m *mark) values(route int64) []any {
	return []any{m.low, m.counted, m.jobs[StageReady], m.jobs[StageDead], route}
}

// low returns the mark of a route that was looked at, else 0.
func (t *sqlTxn) low(route int64) int64 {
	if m := t.marks[route]; m != nil {
		return m.low
	}
	return 0
}

// held returns the mark of a route, locked, or nil if the route has vanished.
func (t *sqlTxn) held(route int64) (*mark, error) {
	if m := t.marks[route]; m != nil && m.locked {
		return m, nil
	}
	_, err := t.Lock(route)
	if errors.Is(err, ErrNoRoute) {
		return nil, nil
	}
	if errors.Is(err, ErrUnreadable) {
		err = nil
	}
	return t.marks[route], err
}

// count takes note of jobs that entered a stage, or left it if by is -1. n is how many
// of them there were: if some were not, all are counted anew.
func (m *mark) count(s Stage, numbers []int64, n int, by int64) {
	if m == nil {
		return
	}
	if n != len(numbers) {
		m.forget()
	}
	for _, number := range numbers {
		if number <= m.counted {
			m.jobs[s], m.changed = m.jobs[s]+by, true
		}
	}
}

// forget lets all be counted anew.
func (m *mark) forget() {
	if m != nil {
		m.counted, m.jobs, m.changed = 0, [StageDead + 1]int64{}, true
	}
}

// lower lowers the mark for the sake of jobs that come.
func (m *mark) lower(numbers ...int64) {
	if m != nil && len(numbers) > 0 && slices.Min(numbers) < m.low {
		m.low, m.changed = slices.Min(numbers), true
	}
}

// raise raises the mark of a route, once enough jobs were settled. It stays below the
// last of those: a lane that was seen empty may have got a job since, but only one with
// a greater number than all that were committed by then.
func (t *sqlTxn) raise(route int64, m *mark, settled []int64) error {
	if m == nil || !t.settled.enough(route, len(settled)) {
		return nil
	}
	low := slices.Max(settled)
	for _, l := range [...]Lane{LaneUrgent, LaneRest} {
		var first int64
		err := t.tx.Row(t.ctx, sqlLowest, route, int(StageReady), int(l), m.low).Scan(&first)
		switch {
		case err == nil:
			low = min(low, first)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
	}
	m.low, m.changed = max(m.low, low), true
	return nil
}

// keep writes the marks that were changed and not put with their records.
func (t *sqlTxn) keep() error {
	for route, m := range t.marks {
		if !m.changed {
			continue
		}
		if _, err := t.tx.Exec(t.ctx, sqlPutMark, m.values(route)...); err != nil {
			return err
		}
	}
	return nil
}

// Tally looks for the number up to which it counts first: what has been seen of numbers
// below one that was seen is all that there will ever be.
func (t *sqlTxn) Tally(route int64, limit int) (more bool, err error) {
	m, err := t.held(route)
	if err != nil || m == nil {
		return false, err
	}
	bound, last := int64(0), int64(0)
	err = eachRange(func(s Stage, l Lane) error {
		var n int
		var most int64
		err := t.tx.Row(t.ctx, sqlTail, route, int(s), int(l), m.counted, limit).Scan(&n, &most)
		if last = max(last, most); n == limit && (bound == 0 || most < bound) {
			bound = most
		}
		return err
	})
	more = bound > 0
	if bound = cmp.Or(bound, last); err != nil || bound == 0 {
		return false, err
	}
	err = eachRange(func(s Stage, l Lane) error {
		var n int64
		err := t.tx.Row(t.ctx, sqlTally, route, int(s), int(l), m.counted, bound).Scan(&n)
		m.jobs[s] += n
		return err
	})
	m.counted, m.changed = bound, true
	return more, err
}

// eachRange calls f for each part of a route within which jobs stand by number.
func eachRange(f func(Stage, Lane) error) (err error) {
	for _, s := range [...]Stage{StageReady, StageDead} {
		for _, l := range [...]Lane{LaneUrgent, LaneRest} {
			err = errors.Join(err, f(s, l))
		}
	}
	return err
}

// settledJobs counts the jobs that this process has settled, by route.
type settledJobs struct {
	mu sync.Mutex
	of map[int64]int
}

// enough counts n jobs and reports whether there are enough, from when on it counts
// anew.
func (s *settledJobs) enough(route int64, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[route] += n; s.of[route] < raiseEvery {
		return false
	}
	s.of[route] = 0
	return true
}
