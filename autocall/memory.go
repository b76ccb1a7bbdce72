package autocall

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// NewMemoryQueue returns a queue that this process alone keeps. It is for tests
// and for programs that may lose what was queued: everything in it is lost on exit.
// A phone that was ringing then goes on ringing, and what it tells finds nobody.
func NewMemoryQueue(opts *QueueOptions) (*Dispatcher, error) {
	m := &memory{
		items: make(map[string]*item), open: make(map[string]*item), mids: make(map[string]string),
		keys: make(map[string]string), holders: make(map[string]string),
		polled: make(map[string]phoneRecord), news: make(map[int64]notice),
	}
	return newDispatcher(&memoryStore{
		lock: make(chan struct{}, 1), start: time.Now(), content: func() *memory { return m },
	}, opts)
}

// A memoryStore keeps items in maps. Its clock is monotonic: setting the
// machine's time ends no lease.
type memoryStore struct {
	lock    chan struct{} // holding its only place is holding the lock
	start   time.Time
	content func() *memory // a closure, where no printer finds numbers
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

// memory is what a memoryStore holds. Items in it are never changed, only
// replaced.
type memory struct {
	seq     int64
	items   map[string]*item // by id
	open    map[string]*item // those that are open, by id
	mids    map[string]string
	keys    map[string]string // of open ones
	holders map[string]string // by phone
	polled  map[string]phoneRecord
	news    map[int64]notice
}

// replace puts an item in the place of its former self. Either may be nil.
func (m *memory) replace(before, after *item) {
	if before != nil {
		m.index(before, func(index map[string]string, name, _ string) { delete(index, name) })
		delete(m.items, before.ID)
		delete(m.open, before.ID)
	}
	if after != nil {
		m.index(after, func(index map[string]string, name, id string) { index[name] = id })
		m.items[after.ID] = after
		if after.State.Open() {
			m.open[after.ID] = after
		}
	}
}

// index calls f for everything by which an item is found.
func (m *memory) index(it *item, f func(index map[string]string, name, id string)) {
	if it.Hand != nil {
		f(m.mids, it.Hand.Mid, it.ID)
		f(m.holders, it.Hand.Phone, it.ID)
	}
	for i := range it.Past {
		f(m.mids, it.Past[i].Mid, it.ID)
	}
	if it.State.Open() && it.Call.Key != "" {
		f(m.keys, it.Call.Key, it.ID)
	}
}

// A memoryTxn changes the memory at once and knows how to undo it.
type memoryTxn struct {
	*memory

	at   int64
	undo []func()
}

func (t *memoryTxn) now() int64 { return t.at }

func (t *memoryTxn) byID(id string) (*item, error)   { return t.items[id].clone(), nil }
func (t *memoryTxn) byMid(mid string) (*item, error) { return t.items[t.mids[mid]].clone(), nil }
func (t *memoryTxn) byKey(key string) (*item, error) { return t.items[t.keys[key]].clone(), nil }
func (t *memoryTxn) held(phone string) (*item, error) {
	return t.items[t.holders[phone]].clone(), nil
}

func (t *memoryTxn) waiting(limit int) ([]*item, error) {
	return pickItems(t.open, limit, func(it *item) bool { return it.State == Queued && it.Due <= t.at }, func(a, b *item) int {
		return cmp.Or(cmp.Compare(b.Call.Severity, a.Call.Severity), cmp.Compare(a.Seq, b.Seq))
	}), nil
}

func (t *memoryTxn) overdue(limit int) ([]*item, error) {
	return pickItems(t.open, limit, func(it *item) bool { return it.ends() <= t.at }, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.ends(), b.ends()), cmp.Compare(a.Seq, b.Seq))
	}), nil
}

func (t *memoryTxn) list(openOnly bool, limit int) ([]*item, error) {
	from := t.items
	if openOnly {
		from = t.open
	}
	all := func(*item) bool { return true }
	return pickItems(from, limit, all, func(a, b *item) int { return cmp.Compare(b.Seq, a.Seq) }), nil
}

// pickItems returns copies of the first items, in an order, that are wanted.
func pickItems(from map[string]*item, limit int, wanted func(*item) bool, order func(a, b *item) int) []*item {
	var some []*item
	for _, it := range from {
		if wanted(it) {
			some = append(some, it)
		}
	}
	slices.SortFunc(some, order)
	some = some[:min(limit, len(some))]
	for i, it := range some {
		some[i] = it.clone()
	}
	return some
}

func (t *memoryTxn) put(it *item) error {
	if it.Seq == 0 {
		t.seq++
		it.Seq = t.seq
	}
	before, after := t.items[it.ID], it.clone()
	t.replace(before, after)
	t.undo = append(t.undo, func() { t.replace(after, before) })
	return nil
}

func (t *memoryTxn) see(phone, model string) (phoneRecord, error) {
	before := t.polled[phone]
	now := before
	now.Name, now.Model, now.Seen = phone, model, t.at
	return before, t.putPhone(now)
}

func (t *memoryTxn) putPhone(p phoneRecord) error {
	keep(t, t.polled, p.Name, &p)
	return nil
}

func (t *memoryTxn) phones() ([]phoneRecord, error) {
	return slices.SortedFunc(maps.Values(t.polled), func(a, b phoneRecord) int { return cmp.Compare(a.Name, b.Name) }), nil
}

func (t *memoryTxn) tell(n notice) error {
	if n.ID == 0 {
		t.seq++
		n.ID = t.seq
	}
	keep(t, t.news, n.ID, &n)
	return nil
}

func (t *memoryTxn) notices(limit int) ([]notice, error) {
	var due []notice
	for _, n := range t.news {
		if n.Due <= t.at {
			due = append(due, n)
		}
	}
	slices.SortFunc(due, func(a, b notice) int { return cmp.Compare(a.ID, b.ID) })
	return due[:min(limit, len(due))], nil
}

func (t *memoryTxn) told(id int64) error {
	keep(t, t.news, id, nil)
	return nil
}

// rewind has nothing to do: the clock is monotonic.
func (t *memoryTxn) rewind(bool) (int64, error) { return 0, nil }

func (t *memoryTxn) purge(before int64) (int, error) {
	n := 0
	for _, it := range t.items {
		if !it.State.Open() && it.Finished < before {
			t.replace(it, nil)
			t.undo = append(t.undo, func() { t.replace(nil, it) })
			n++
		}
	}
	return n, nil
}

// keep sets or, for nil, deletes an entry of a map so that it can be undone.
func keep[K comparable, V any](t *memoryTxn, m map[K]V, key K, value *V) {
	before, known := m[key]
	t.undo = append(t.undo, func() {
		delete(m, key)
		if known {
			m[key] = before
		}
	})
	delete(m, key)
	if value != nil {
		m[key] = *value
	}
}
