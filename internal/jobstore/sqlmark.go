package jobstore

import (
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
// A worker that takes the route over sets it to 0, for the sake of rows that somebody
// has changed by hand.
type mark struct {
	low    int64
	locked bool
}

// marked takes note of the mark of a route.
func (t *sqlTxn) marked(route, low int64, locked bool) {
	t.marks[route] = mark{low, locked || t.marks[route].locked}
}

// lower lowers the mark of a route for the sake of jobs that it gets.
func (t *sqlTxn) lower(route int64, numbers []int64) error {
	if len(numbers) == 0 {
		return nil
	}
	low := slices.Min(numbers)
	if m := t.marks[route]; low < m.low {
		t.marks[route] = mark{low, m.locked}
	}
	_, err := t.tx.Exec(t.ctx, sqlLower, low, route, low)
	return err
}

// raise raises the mark of a route, once enough jobs were settled. It takes two
// statements more then.
func (t *sqlTxn) raise(route int64, settled []int64) error {
	m := t.marks[route]
	if !m.locked || len(settled) == 0 || !t.settled.enough(route, len(settled)) {
		return nil
	}
	low, found := slices.Max(settled), false
	for _, l := range [...]Lane{LaneUrgent, LaneRest} {
		var first int64
		err := t.tx.Row(t.ctx, sqlLowest, route, int(l), m.low).Scan(&first)
		switch {
		case err == nil && (!found || first < low):
			low, found = first, true
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
	}
	t.marks[route] = mark{low, true}
	_, err := t.tx.Exec(t.ctx, sqlRaise, low, route)
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
