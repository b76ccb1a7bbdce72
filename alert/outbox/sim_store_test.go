package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A simStore is the store of a world: one in memory, whose clock the world sets and
// whose routes can vanish.
type simStore struct {
	w         *world
	real      jobstore.Store
	scratch   jobstore.Store       // an empty one, to find out what a transaction is about
	gone      map[int64]bool       // routes; guarded by the lock of the real store, as
	committed func([]jobstore.Job) // is told of new jobs, if not nil
	names     map[int64]string     // of alerts, by the number of a job
}

func newSimStore(w *world) *simStore {
	clock := func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return time.Now().Add(w.offset)
	}
	return &simStore{w: w, real: jobstore.NewMemory(clock), scratch: jobstore.NewMemory(clock), gone: make(map[int64]bool), names: make(map[int64]string)}
}

// do runs f, which never fails, on the real store.
func (s *simStore) do(f func(jobstore.Txn)) {
	require.NoError(s.w, s.real.Do(context.Background(), func(t jobstore.Txn) error {
		f(&simTxn{Txn: t, s: s})
		return nil
	}))
}

// A processStore is the store as a process reaches it.
type processStore struct {
	*simStore

	p *process
}

func (s *processStore) Do(ctx context.Context, f func(jobstore.Txn) error) error {
	return s.call(ctx, s.real.Do, f)
}

func (s *processStore) Locked(ctx context.Context, f func(jobstore.Txn) error) error {
	return s.call(ctx, s.real.Locked, f)
}

var (
	errAway     = errors.New("sim: the store is away")
	errMute     = errors.New("sim: the connection broke at the commit")
	errReadOnly = errors.New("sim: the store is read-only")
)

// call runs a transaction, and does to it what the plan says.
func (s *processStore) call(ctx context.Context, do func(context.Context, func(jobstore.Txn) error) error, f func(jobstore.Txn) error) error {
	if s.p.isDead() {
		return s.p.gone()
	}
	about := s.about(f)
	lots := s.w.lots("store", s.p.name, about.text)
	trouble := s.w.plan.struck(storeTroubles, "", s.p.place, lots)
	latency := time.Duration(1 + lots.Int64N(int64(3*time.Millisecond)))
	if trouble == storeSlow {
		latency += time.Duration(lots.Int64N(int64(8 * time.Second)))
	}
	if trouble != "" {
		s.w.note("%s %s: %s", s.p.name, about.text, trouble)
		s.w.judge.disturb("", storePatience)
	}
	if err := s.p.sleep(ctx, latency); err != nil {
		return err
	}
	done := lots.IntN(2) == 0 || trouble == storeMute
	switch {
	case trouble == storeAway:
		return errAway
	case trouble == storeReadOnly && !about.reads:
		return errReadOnly
	case trouble == storeHangs && !done:
		return s.hang(ctx)
	}
	var own *simTxn
	if err := do(ctx, func(t jobstore.Txn) error {
		own = &simTxn{Txn: t, s: s.simStore}
		return f(own)
	}); err != nil {
		return err
	}
	for route := range own.restored {
		delete(s.gone, route)
	}
	if s.committed != nil {
		s.committed(own.added)
	}
	if err := s.p.sleep(ctx, latency); err != nil && s.p.isDead() {
		return err
	}
	switch trouble {
	case storeMute:
		return errMute
	case storeHangs:
		return s.hang(ctx)
	}
	return nil
}

// hang waits until ctx ends.
func (s *processStore) hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.p.dead:
		return s.p.gone()
	case <-s.w.over:
		return errDead
	}
}

// A subject is what a transaction is about.
type subject struct {
	text  string
	reads bool // it changes nothing
}

var errPeeked = errors.New("sim: not in earnest")

// about runs f up to what it does first, on a store that has nothing.
func (s *simStore) about(f func(jobstore.Txn) error) subject {
	p := &peeker{}
	err := s.scratch.Do(context.Background(), func(t jobstore.Txn) error {
		p.Txn = t
		_ = f(p)
		return errPeeked
	})
	require.ErrorIs(s.w, err, errPeeked)
	return p.subject
}

// A peeker fails at the first call of a transaction and knows what it was.
type peeker struct {
	jobstore.Txn
	subject
}

func (p *peeker) saw(reads bool, format string, args ...any) error {
	if p.text == "" {
		p.subject = subject{fmt.Sprintf(format, args...), reads}
	}
	return errPeeked
}

func (p *peeker) Look(route int64) (*jobstore.RouteRecord, error) {
	return nil, p.saw(true, "looks at route %d", route)
}

func (p *peeker) Lock(route int64) (*jobstore.RouteRecord, error) {
	return nil, p.saw(false, "locks route %d", route)
}

func (p *peeker) Reserve(n int, _ ...int64) (int64, error) { return 0, p.saw(false, "accepts %d", n) }
func (p *peeker) Routes() (map[int64]string, error)        { return nil, p.saw(true, "asks for the routes") }
func (p *peeker) ForgetSeen(int) (int, error)              { return 0, p.saw(false, "forgets events") }
func (p *peeker) ForgetIncidents(int) (int, error)         { return 0, p.saw(false, "forgets incidents") }
func (p *peeker) ForgetDead(r, _ int64, _ int) (int, error) {
	return 0, p.saw(false, "forgets dead letters of route %d", r)
}

func (p *peeker) IncidentsDue(e int64, _ int) ([]jobstore.Incident, error) {
	return nil, p.saw(true, "looks at escalation %d", e)
}

func (p *peeker) IncidentsByReference(e int64, _ jobstore.Hash) ([]jobstore.Incident, error) {
	return nil, p.saw(true, "looks up a reference of escalation %d", e)
}

// A simTxn is a transaction that does not know the routes that have vanished.
type simTxn struct {
	jobstore.Txn

	s        *simStore
	added    []jobstore.Job
	restored map[int64]bool // routes that had vanished
}

func (t *simTxn) misses(route int64) bool { return t.s.gone[route] && !t.restored[route] }

func (t *simTxn) Reserve(n int, routes ...int64) (int64, error) {
	if slices.ContainsFunc(routes, t.misses) {
		return 0, jobstore.ErrNoRoute
	}
	return t.Txn.Reserve(n, routes...)
}

func (t *simTxn) Restore(route int64, name string, until int64) (bool, error) {
	if !t.misses(route) {
		return t.Txn.Restore(route, name, until)
	}
	names, err := t.Routes()
	for other := range names {
		if names[other] == name {
			return false, jobstore.ErrRenumbered
		}
	}
	if err != nil {
		return false, err
	}
	if t.restored == nil {
		t.restored = make(map[int64]bool)
	}
	t.restored[route] = true
	return true, t.Put(route, &jobstore.RouteRecord{
		Name: name, Owner: jobstore.Vanished, Epoch: t.Now(), Expires: until, Lease: until - t.Now(), Seen: t.Now(),
	})
}

func (t *simTxn) Add(jobs []jobstore.Job) error {
	t.added = append(t.added, jobs...)
	return t.Txn.Add(jobs)
}

func (t *simTxn) Look(route int64) (*jobstore.RouteRecord, error) {
	if t.misses(route) {
		return nil, jobstore.ErrNoRoute
	}
	return t.Txn.Look(route)
}

func (t *simTxn) Lock(route int64) (*jobstore.RouteRecord, error) {
	if t.misses(route) {
		return nil, jobstore.ErrNoRoute
	}
	return t.Txn.Lock(route)
}

func (t *simTxn) Routes() (map[int64]string, error) {
	names, err := t.Txn.Routes()
	for route := range t.s.gone {
		if t.misses(route) {
			delete(names, route)
		}
	}
	return names, err
}

// vanish takes the row of a route away, as somebody does who tidies up a database.
func (s *simStore) vanish(name string) (number int64) {
	s.do(func(t jobstore.Txn) {
		names, _ := t.Routes()
		for n := range names {
			if names[n] == name {
				number = n
				r, err := t.Look(n)
				require.NoError(s.w, err)
				r.Name = fmt.Sprintf("%s, gone with %d", name, n)
				require.NoError(s.w, t.Put(n, r))
				s.gone[n] = true
			}
		}
	})
	return number
}

// routeName returns the name of a route.
func (s *simStore) routeName(number int64) (name string) {
	s.do(func(t jobstore.Txn) {
		names, err := t.Routes()
		require.NoError(s.w, err)
		name = names[number]
	})
	return name
}
