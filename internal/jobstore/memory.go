package jobstore

import (
	"context"
	"maps"
	"slices"
	"time"
)

// NewMemory returns a store in the memory of this process, with a clock.
func NewMemory(clock func() time.Time) Store {
	m := &memory{incident: newIncidentMemory(), events: make(map[Hash]int64), records: make(map[int64]RouteRecord), queues: make(map[int64]*queue)}
	return &memoryStore{lock: make(chan struct{}, 1), clock: clock, content: func() *memory { return m }}
}

// Monotonic returns a clock for a memory store: setting the machine's time ends no
// lease.
func Monotonic() func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(time.Since(start)) }
}

// A memoryStore keeps jobs in slices.
type memoryStore struct {
	lock    chan struct{} // holding its only place is holding the lock
	clock   func() time.Time
	content func() *memory // a closure, where no printer finds alerts
}

// do runs f when it has the lock. If f fails, or panics, what it did is
// undone.
func (s *memoryStore) Do(ctx context.Context, f func(Txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	t := &memoryTxn{memory: s.content(), at: s.clock().UnixMilli()}
	defer func() {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
		<-s.lock
	}()
	if err := f(t); err != nil {
		return err
	}
	t.undo = nil
	return nil
}

func (s *memoryStore) Locked(ctx context.Context, f func(Txn) error) error { return s.Do(ctx, f) }

// memory is what a memoryStore holds.
type memory struct {
	incident incidentMemory

	last    int64
	events  map[Hash]int64
	records map[int64]RouteRecord
	queues  map[int64]*queue
}

// A memoryTxn changes the memory at once and knows how to undo it.
type memoryTxn struct {
	*memory

	at   int64
	undo []func()
}

func (t *memoryTxn) Now() int64 { return t.at }

func (t *memoryTxn) Reserve(n int, routes ...int64) (int64, error) {
	for _, r := range routes {
		if _, ok := t.records[r]; !ok {
			return 0, ErrNoRoute
		}
	}
	t.last += int64(n)
	return t.last - int64(n) + 1, nil
}

func (t *memoryTxn) Remember(events []Hash, until int64) (map[Hash]bool, error) {
	fresh := make(map[Hash]bool)
	for _, e := range events {
		if _, known := t.events[e]; known {
			continue
		}
		fresh[e], t.events[e] = true, until
		t.undo = append(t.undo, func() { delete(t.events, e) })
	}
	return fresh, nil
}

func (t *memoryTxn) Remembered(events []Hash) (map[Hash]bool, error) {
	known := make(map[Hash]bool)
	for _, e := range events {
		if _, is := t.events[e]; is {
			known[e] = true
		}
	}
	return known, nil
}

func (t *memoryTxn) Forget(events []Hash) error {
	for _, e := range events {
		if until, known := t.events[e]; known {
			delete(t.events, e)
			t.undo = append(t.undo, func() { t.events[e] = until })
		}
	}
	return nil
}

func (t *memoryTxn) queue(route int64) *queue {
	q := t.queues[route]
	if q == nil {
		q = newQueue()
		t.queues[route] = q
	}
	return q
}

func (t *memoryTxn) Add(jobs []Job) error {
	for i := range jobs {
		j := jobs[i]
		q := t.queue(j.Route)
		q.insert(&j)
		t.undo = append(t.undo, func() { q.take(j.Number) })
	}
	return nil
}

func (t *memoryTxn) Due(route int64, limit int) ([]Job, error) {
	var some []Job
	for _, l := range [...]Lane{LaneUrgent, LaneRest} {
		some = t.queue(route).due(some, l, t.at, limit, true)
	}
	return some, nil
}

func (t *memoryTxn) Free(route int64, limit int) ([]Job, error) {
	return t.queue(route).due(nil, LaneUrgent, t.at, limit, false), nil
}

func (t *memoryTxn) Before(route int64, held []Job, limit int) ([]Job, error) {
	last := make(map[Hash]int64)
	for i := range held {
		last[held[i].Problem] = held[i].Number
	}
	var some []Job
	for p, number := range last {
		for _, j := range t.queue(route).problems[p] {
			if j.Number < number && j.Stage == StageReady && j.Lane == LaneRest {
				some = append(some, *j)
			}
		}
	}
	some = firstOf(some, limit)
	size := 0
	for i := range some {
		if size >= bytesAtOnce {
			return some[:i], nil
		}
		size += len(some[i].Doc)
	}
	return some, nil
}

func (t *memoryTxn) Jobs(route int64, numbers []int64) ([]Job, error) {
	var some []Job
	q := t.queue(route)
	for _, n := range slices.Sorted(slices.Values(numbers)) {
		if j := q.job(n); j != nil {
			some = append(some, *j)
		}
	}
	return some, nil
}

func (t *memoryTxn) List(route int64, dead bool, after int64, limit int) ([]Job, error) {
	return t.queue(route).list(dead, after, limit), nil
}

func (t *memoryTxn) Count(route int64, s Stage) (c Count, err error) {
	for _, side := range t.queue(route).places[s] {
		oldest := int64(0)
		for _, j := range side[:min(len(side), oldestOf)] {
			if oldest == 0 || j.Accepted < oldest {
				oldest = j.Accepted
			}
		}
		c.add(len(side), oldest, false)
	}
	return c, nil
}

func (t *memoryTxn) Tally(int64, int) (bool, error) { return false, nil }

func (t *memoryTxn) RemoveDead(route int64, numbers []int64) (int, error) {
	return t.Remove(route, numbers)
}

func (t *memoryTxn) Change(route int64, numbers []int64, c Change) (int, error) {
	n := 0
	q := t.queue(route)
	for _, number := range numbers {
		before := q.take(number)
		if before == nil {
			continue
		}
		n++
		after := *before
		after.Stage, after.Due, after.Limit, after.Cause, after.Error = c.Stage, c.Due, c.Limit, c.Cause, c.Error
		after.Attempts += ones(c.Tried)
		after.Crashes += ones(c.Crashed)
		if c.Fresh {
			after.Attempts, after.Crashes, after.Accepted = 0, 0, t.at
		}
		q.insert(&after)
		t.undo = append(t.undo, func() { q.take(number); q.insert(before) })
	}
	return n, nil
}

func (t *memoryTxn) Remove(route int64, numbers []int64) (int, error) {
	n := 0
	q := t.queue(route)
	for _, number := range numbers {
		if before := q.take(number); before != nil {
			n++
			t.undo = append(t.undo, func() { q.insert(before) })
		}
	}
	return n, nil
}

func (t *memoryTxn) Recall(route, after int64) (n int, err error) {
	for _, side := range t.queue(route).sides(false) {
		for _, j := range slices.Clone(*side) {
			if j.Due > after {
				c := Change{Stage: j.Stage, Due: t.at, Limit: j.Limit, Cause: j.Cause, Error: j.Error}
				if _, err := t.Change(route, []int64{j.Number}, c); err != nil {
					return n, err
				}
				n++
			}
		}
	}
	return n, nil
}

func (t *memoryTxn) Move(route int64, numbers []int64, to int64) (int, error) {
	n := 0
	from, other := t.queue(route), t.queue(to)
	for _, number := range numbers {
		before := from.take(number)
		if before == nil {
			continue
		}
		n++
		after := *before
		after.Route, after.Due, after.Accepted = to, t.at, t.at
		after.Limit, after.Attempts, after.Crashes, after.Error = 0, 0, 0, ""
		other.insert(&after)
		t.undo = append(t.undo, func() { other.take(number); from.insert(before) })
	}
	return n, nil
}

func (t *memoryTxn) ForgetSeen(limit int) (int, error) {
	n := 0
	for e, until := range maps.Clone(t.events) {
		if until < t.at && n < limit {
			delete(t.events, e)
			t.undo = append(t.undo, func() { t.events[e] = until })
			n++
		}
	}
	return n, nil
}

func (t *memoryTxn) ForgetDead(route, before int64, limit int) (int, error) {
	var old []int64
	for _, side := range t.queue(route).sides(true) {
		for _, j := range *side {
			if j.Due < before && len(old) < limit {
				old = append(old, j.Number)
			}
		}
	}
	return t.Remove(route, old)
}
