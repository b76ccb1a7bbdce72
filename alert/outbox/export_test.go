package outbox

import (
	"context"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Encode, Decode, ReadSelection and ErrorText are the ways in and out of the store.
func Encode(a *alert.Alert) ([]byte, error) {
	l, err := encode(a)
	return l.doc, err
}

func Decode(doc []byte) (alert.Alert, error) { return decode(doc) }

func ReadSelection(r io.Reader) ([]int64, error) { return readSelection(r) }

func ErrorText(err error) string { return errorText(err) }

// MaxErrorText is the most bytes of ErrorText.
const MaxErrorText = maxErrorText

// A GroupCommit is a groupCommit of submissions that are only a number of entries.
type GroupCommit struct{ group groupCommit }

// NewGroupCommit returns a GroupCommit.
func NewGroupCommit() *GroupCommit { return &GroupCommit{newGroupCommit()} }

// Submit submits n entries.
func (g *GroupCommit) Submit(ctx context.Context, n int, commit func(ctx context.Context, n int) error) error {
	return g.group.submit(ctx, make([]entry, n), func(ctx context.Context, entries []entry) error { return commit(ctx, len(entries)) })
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
	store
	fault func() Fault
}

func (s *faultyStore) do(ctx context.Context, f func(txn) error) error {
	return s.faulty(ctx, s.store.do, f)
}

func (s *faultyStore) locked(ctx context.Context, f func(txn) error) error {
	return s.faulty(ctx, s.store.locked, f)
}

func (s *faultyStore) accept(context.Context, []entry, int64) (int, bool, error) {
	return 0, false, nil
}

func (s *faultyStore) faulty(ctx context.Context, do func(context.Context, func(txn) error) error, f func(txn) error) error {
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
	err = s.do(ctx, func(t txn) error {
		number, err := t.enroll(name)
		if err != nil {
			return err
		}
		r, err := t.look(number)
		n = len(r.Claimed)
		return err
	})
	return n, err
}

// References returns how many references a store in memory has.
func References(s *Store) int { return len(s.store.(*memoryStore).content().incident.refs) }
