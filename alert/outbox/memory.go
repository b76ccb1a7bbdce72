package outbox

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"time"
)

// NewMemoryStore returns a store in the memory of this process. It is for tests
// and for who can do without what was accepted and not delivered: all of it is
// lost on exit.
func NewMemoryStore() *Store {
	m := &memory{events: make(map[hash]int64), records: make(map[int64]routeRecord), queues: make(map[int64]*queue)}
	return &Store{&memoryStore{turn: make(chan struct{}, 1), start: time.Now(), content: func() *memory { return m }}}
}

// A memoryStore keeps jobs in slices. Its clock is monotonic: setting the
// machine's time ends no lease.
type memoryStore struct {
	turn    chan struct{} // who has put something in it has the transaction
	start   time.Time
	content func() *memory // a closure, where no printer finds alerts
}

// do runs f when its turn has come. If f fails, or panics, what it did is
// undone.
func (s *memoryStore) do(ctx context.Context, f func(txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	t := &memoryTxn{memory: s.content(), at: s.start.Add(time.Since(s.start)).UnixMilli()}
	defer func() {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
		<-s.turn
	}()
	if err := f(t); err != nil {
		return err
	}
	t.undo = nil
	return nil
}

// memory is what a memoryStore holds.
type memory struct {
	last    int64
	events  map[hash]int64
	records map[int64]routeRecord
	queues  map[int64]*queue
}

// A queue holds the jobs of one route by number. They are never changed, only
// replaced.
type queue struct{ open, dead []job }

// side returns where jobs of a stage stand.
func (q *queue) side(s stage) *[]job {
	if s == stageDead {
		return &q.dead
	}
	return &q.open
}

// find returns the place of a number in sorted jobs.
func find(jobs []job, number int64) (int, bool) {
	return slices.BinarySearchFunc(jobs, number, func(j job, n int64) int { return cmp.Compare(j.Number, n) })
}

// insert puts a job in its place.
func (q *queue) insert(j *job) {
	side := q.side(j.Stage)
	at, _ := find(*side, j.Number)
	*side = slices.Insert(*side, at, *j)
}

// take takes a job out and returns it.
func (q *queue) take(number int64) (job, bool) {
	for _, side := range []*[]job{&q.open, &q.dead} {
		if at, found := find(*side, number); found {
			j := (*side)[at]
			if at == 0 { // the usual case, without moving all the others
				(*side)[0] = job{}
				*side = (*side)[1:]
			} else {
				*side = slices.Delete(*side, at, at+1)
			}
			return j, true
		}
	}
	return job{}, false
}

// A memoryTxn changes the memory at once and knows how to undo it.
type memoryTxn struct {
	*memory

	at   int64
	undo []func()
}

func (t *memoryTxn) now() int64 { return t.at }

func (t *memoryTxn) turn(n int) (int64, error) {
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
		q = new(queue)
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
	number, _ := t.turn(1)
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
	blocked := make(map[hash]bool)
	open := t.queue(route).open
	for i := range open {
		j := &open[i]
		if len(some) == limit {
			break
		}
		if j.Stage == s && j.Due <= t.at && (j.Problem == "" || !blocked[j.Problem]) {
			some = append(some, *j)
		}
		blocked[j.Problem] = blocked[j.Problem] || blocks(j, s, t.at)
	}
	return some, nil
}

func (t *memoryTxn) jobs(route int64, numbers []int64) ([]job, error) {
	var some []job
	q := t.queue(route)
	for _, n := range slices.Sorted(slices.Values(numbers)) {
		for _, side := range [][]job{q.open, q.dead} {
			if at, found := find(side, n); found {
				some = append(some, side[at])
			}
		}
	}
	return some, nil
}

func (t *memoryTxn) list(route int64, dead bool, after int64, limit int) ([]job, error) {
	side := t.queue(route).open
	if dead {
		side = t.queue(route).dead
	}
	from := sort.Search(len(side), func(i int) bool { return side[i].Number > after })
	return slices.Clone(side[from:min(len(side), from+limit)]), nil
}

func (t *memoryTxn) count(route int64, dead bool) (int, int64, error) {
	all, err := t.list(route, dead, 0, int(^uint(0)>>2))
	oldest := int64(0)
	for i := range all {
		if oldest == 0 || all[i].Accepted < oldest {
			oldest = all[i].Accepted
		}
	}
	return len(all), oldest, err
}

func (t *memoryTxn) change(route int64, numbers []int64, c change) (int, error) {
	n := 0
	q := t.queue(route)
	for _, number := range numbers {
		before, ok := q.take(number)
		if !ok {
			continue
		}
		n++
		after := before
		after.Stage, after.Due, after.Cause, after.Error = c.Stage, c.Due, c.Cause, c.Error
		if c.Tried {
			after.Attempts++
		}
		if c.Fresh {
			after.Attempts, after.Accepted = 0, t.at
		}
		q.insert(&after)
		t.undo = append(t.undo, func() { q.take(number); q.insert(&before) })
	}
	return n, nil
}

func (t *memoryTxn) remove(route int64, numbers []int64) (int, error) {
	n := 0
	q := t.queue(route)
	for _, number := range numbers {
		if before, ok := q.take(number); ok {
			n++
			t.undo = append(t.undo, func() { q.insert(&before) })
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
	for _, j := range t.queue(route).dead {
		if j.Due < before && len(old) < limit {
			old = append(old, j.Number)
		}
	}
	return t.remove(route, old)
}
