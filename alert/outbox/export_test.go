package outbox

import (
	"context"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// ReadSelection is a way in from outside.
func ReadSelection(r io.Reader) (Selection, error) {
	s, err := readSelection(r)
	if err != nil {
		return Selection{}, err
	}
	return s.meant()
}

// A GroupCommit is a groupCommit of submissions that are only a number of entries.
type GroupCommit struct{ group groupCommit }

// NewGroupCommit returns a GroupCommit.
func NewGroupCommit() *GroupCommit { return &GroupCommit{newGroupCommit()} }

// Submit submits n entries.
func (g *GroupCommit) Submit(ctx context.Context, n int, commit func(ctx context.Context, n int) error) error {
	return g.SubmitLate(ctx, n, func(ctx context.Context, collect func() int) error { return commit(ctx, collect()) })
}

// SubmitLate is Submit for a commit that asks for the number of entries itself.
func (g *GroupCommit) SubmitLate(ctx context.Context, n int, commit func(ctx context.Context, collect func() int) error) error {
	return g.group.submit(ctx, make([]jobstore.Entry, n), func(ctx context.Context, collect func() []jobstore.Entry) error {
		return commit(ctx, func() int { return len(collect()) })
	})
}

// Faulty returns a store that does to each transaction what fault says: it is not
// executed, or executed and then takes long or fails all the same.
func Faulty(s *Store, fault func() Fault) *Store { return &Store{&faultyStore{s.store, fault}} }

// A Fault is what happens to a transaction.
type Fault struct {
	Before, After error
	Slow          time.Duration
}

type faultyStore struct {
	jobstore.Store

	fault func() Fault
}

func (s *faultyStore) Do(ctx context.Context, f func(jobstore.Txn) error) error {
	return s.faulty(ctx, s.Store.Do, f)
}

func (s *faultyStore) Locked(ctx context.Context, f func(jobstore.Txn) error) error {
	return s.faulty(ctx, s.Store.Locked, f)
}

func (s *faultyStore) Accept(context.Context, []jobstore.Entry, int64) (int, bool, error) {
	return 0, false, nil
}

func (s *faultyStore) faulty(ctx context.Context, do func(context.Context, func(jobstore.Txn) error) error, f func(jobstore.Txn) error) error {
	fault := s.fault()
	if fault.Before != nil {
		return fault.Before
	}
	if err := do(ctx, f); err != nil {
		return err
	}
	if fault.Slow > 0 {
		<-time.After(fault.Slow)
	}
	return fault.After
}

// Claimed returns how many jobs of a route are claimed.
func Claimed(ctx context.Context, s *Store, name string) (n int, err error) {
	err = s.store.Do(ctx, func(t jobstore.Txn) error {
		number, err := t.Enroll(name)
		if err != nil {
			return err
		}
		r, err := t.Look(number)
		n = len(r.Claimed)
		return err
	})
	return n, err
}

// HoldLease gives the lease of a route to a worker that does nothing.
func HoldLease(ctx context.Context, s *Store, name string, until time.Time) {
	_ = s.store.Do(ctx, func(t jobstore.Txn) error {
		number, err := t.Enroll(name)
		if err != nil {
			return err
		}
		r, err := t.Lock(number)
		if err != nil {
			return err
		}
		r.Owner, r.Epoch, r.Expires = "idler", r.Epoch+1, until.UnixMilli()
		return t.Put(number, r)
	})
}

// StoreOf returns a Store over one that a test has made.
func StoreOf(s jobstore.Store) *Store { return &Store{s} }

// SetRandom replaces the source of random waits, see backoff.
func (o *Outbox) SetRandom(below func(time.Duration) time.Duration) { o.below = below }
