package outbox

import (
	"context"
	"maps"
	"slices"
	"time"
)

// NewMemoryStore returns a store in the memory of this process. It is for tests
// and for programs that may lose what was accepted and not delivered: all of it is
// lost on exit.
func NewMemoryStore() *Store {
	m := &memory{incident: newIncidentMemory(), events: make(map[hash]int64), records: make(map[int64]routeRecord), queues: make(map[int64]*queue)}
	return &Store{&memoryStore{lock: make(chan struct{}, 1), start: time.Now(), content: func() *memory { return m }}}
}

// A memoryStore keeps jobs in slices. Its clock is monotonic: setting the
// machine's time ends no lease.
type memoryStore struct {
	lock    chan struct{} // holding its only place is holding the lock
	start   time.Time
	content func() *memory // a closure, where no printer finds alerts
}

// do runs f when it has the lock. If f fails, or panics, what it did is
// undone.
func (s *memoryStore) do(ctx context.Context, f func(txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	t := &memoryTxn{memory: s.content(), at: s.start.Add(time.Since(s.start)).UnixMilli()}
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

func (s *memoryStore) locked(ctx context.Context, f func(txn) error) error { return s.do(ctx, f) }

func (s *memoryStore) accept(context.Context, []entry, int64) (int, bool, error) {
	return 0, false, nil
}

// memory is what a memoryStore holds.
type memory struct {
	incident incidentMemory

	last    int64
	events  map[hash]int64
	records map[int64]routeRecord
	queues  map[int64]*queue
}

// A memoryTxn changes the memory at once and knows how to undo it.
type memoryTxn struct {
	*memory

	at   int64
	undo []func()
}

func (t *memoryTxn) now() int64 { return t.at }

func (t *memoryTxn) reserve(n int) (int64, error) {
	t.last += int64(n)
	return t.last - int64(n) + 1, nil
}

func (t *memoryTxn) remember(events []hash, until int64) (map[hash]bool, error) {
	fresh := make(map[hash]bool)
	for _, e := range events {
		if _, known := t.events[e]; known {
			continue
		}
		fresh[e], t.events[e] = true, until
		t.undo = append(t.undo, func() { delete(t.events, e) })
	}
	return fresh, nil
}

func (t *memoryTxn) queue(route int64) *queue {
	q := t.queues[route]
	if q == nil {
		q = newQueue()
		t.queues[route] = q
	}
	return q
}

func (t *memoryTxn) add(jobs []job) error {
	for i := range jobs {
		j := jobs[i]
		q := t.queue(j.Route)
		q.insert(&j)
		t.undo = append(t.undo, func() { q.take(j.Number) })
	}
	return nil
}

func (t *memoryTxn) enroll(name string) (int64, error) {
	for number, r := range t.records {
		if r.Name == name {
			return number, nil
		}
	}
	number, _ := t.reserve(1)
	return number, t.put(number, &routeRecord{Name: name})
}

func (t *memoryTxn) look(route int64) (*routeRecord, error) {
	r, ok := t.records[route]
	if !ok {
		return nil, errNoRoute
	}
	r.Claimed = slices.Clone(r.Claimed)
	return &r, nil
}

func (t *memoryTxn) lock(route int64) (*routeRecord, error) { return t.look(route) }

func (t *memoryTxn) put(route int64, r *routeRecord) error {
	before, known := t.records[route]
	t.undo = append(t.undo, func() {
		if t.records[route] = before; !known {
			delete(t.records, route)
		}
	})
	after := *r
	after.Claimed = slices.Clone(r.Claimed)
	t.records[route] = after
	return nil
}

func (t *memoryTxn) routes() (map[int64]string, error) {
	names := make(map[int64]string)
	for number, r := range t.records {
		names[number] = r.Name
	}
	return names, nil
}

func (t *memoryTxn) due(route int64, s stage, limit int) ([]job, error) {
	var some []job
	for _, l := range [...]lane{laneUrgent, laneRest} {
		some = t.queue(route).due(some, s, l, t.at, limit, true)
	}
	return some, nil
}

func (t *memoryTxn) free(route int64, limit int) ([]job, error) {
	return t.queue(route).due(nil, stageReady, laneUrgent, t.at, limit, false), nil
}

func (t *memoryTxn) before(route int64, held []job, limit int) ([]job, error) {
	last := make(map[hash]int64)
	for i := range held {
		last[held[i].Problem] = held[i].Number
	}
	var some []job
	for p, number := range last {
		for _, j := range t.queue(route).problems[p] {
			if j.Number < number && j.Stage == stageReady && j.Lane == laneRest {
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

func (t *memoryTxn) jobs(route int64, numbers []int64) ([]job, error) {
	var some []job
	q := t.queue(route)
	for _, n := range slices.Sorted(slices.Values(numbers)) {
		if j := q.job(n); j != nil {
			some = append(some, *j)
		}
	}
	return some, nil
}

func (t *memoryTxn) list(route int64, dead bool, after int64, limit int) ([]job, error) {
	return t.queue(route).list(dead, after, limit), nil
}

func (t *memoryTxn) count(route int64, dead bool) (n int, oldest int64, err error) {
	for _, side := range t.queue(route).sides(dead) {
		n += len(*side)
		for _, j := range *side {
			if oldest == 0 || j.Accepted < oldest {
				oldest = j.Accepted
			}
		}
	}
	return n, oldest, nil
}

func (t *memoryTxn) change(route int64, numbers []int64, c change) (int, error) {
	n := 0
	q := t.queue(route)
	for _, number := range numbers {
		before := q.take(number)
		if before == nil {
			continue
		}
		n++
		after := *before
		after.Stage, after.Due, after.Cause, after.Error = c.Stage, c.Due, c.Cause, c.Error
		if c.Tried {
			after.Attempts++
		}
		if c.Fresh {
			after.Attempts, after.Accepted = 0, t.at
		}
		q.insert(&after)
		t.undo = append(t.undo, func() { q.take(number); q.insert(before) })
	}
	return n, nil
}

func (t *memoryTxn) remove(route int64, numbers []int64) (int, error) {
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

func (t *memoryTxn) forgetSeen(limit int) (int, error) {
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

func (t *memoryTxn) forgetDead(route, before int64, limit int) (int, error) {
	var old []int64
	for _, side := range t.queue(route).sides(true) {
		for _, j := range *side {
			if j.Due < before && len(old) < limit {
				old = append(old, j.Number)
			}
		}
	}
	return t.remove(route, old)
}
