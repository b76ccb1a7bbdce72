package sqldb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	mostShared    = 16                   // transactions in one commit
	longestGather = 5 * time.Millisecond // for which one waits for another
)

// unhurried is the key of Unhurried.
type unhurried struct{}

// Unhurried returns a context for transactions that nobody waits for. On SQLite they
// wait for as long as a commit takes, if one in a hurry is likely to come within it.
func Unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, unhurried{}, true)
}

// errAlone says that a transaction was rolled back for the sake of another one with
// which it was to share a commit.
var errAlone = errors.New("rolled back together with another transaction")

// A commitGroup makes one commit of the transactions that wait for the writer of
// SQLite. A commit waits for the disk, and nothing that is in it is slower than that.
type commitGroup struct {
	mu      sync.Mutex
	waiting []*member
	hurried time.Time     // when one in a hurry was committed last
	until   time.Time     // before it, the next one is likely to come
	arrived chan struct{} // closed when one has; nil if nobody waits for that
}

// A member is a transaction that waits. Its own goroutine runs it, when the leader of
// the group hands over the connection.
type member struct {
	hurry bool

	turn chan session // nil: the group has failed, and this one is run alone
	ran  chan error
	end  chan error
}

// share runs f in a transaction that may share its commit with others. They follow
// one another within it, as they would without. If one of them fails, all are rolled
// back and run once more, each alone, so that no error comes from what others did.
func (db *DB) share(ctx context.Context, f func(*Tx) error) error {
	m := &member{hurry: ctx.Value(unhurried{}) == nil, turn: make(chan session, 1), ran: make(chan error, 1), end: make(chan error, 1)}
	db.group.enqueue(m)
	var err error
	select {
	case db.writer <- struct{}{}:
		err = db.lead(ctx, m, f)
	case s := <-m.turn:
		err = db.follow(m, s, f)
	case <-ctx.Done():
		if !db.group.withdraw(m) {
			m.ran <- ctx.Err() // to the leader who has it
		}
		return ctx.Err()
	}
	if !errors.Is(err, errAlone) {
		return err
	}
	select {
	case db.writer <- struct{}{}:
		defer func() { <-db.writer }()
		return db.once(ctx, f)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lead runs a transaction and those that wait, and commits them.
func (db *DB) lead(ctx context.Context, own *member, f func(*Tx) error) error {
	if !own.hurry {
		db.group.gather(ctx)
	}
	others := db.group.take(own)
	hurry := own.hurry || slices.ContainsFunc(others, func(m *member) bool { return m.hurry })
	began := time.Now()
	begun, ran, committing := false, 0, false
	outcome := errAlone
	defer func() { // also if f panics
		for i, m := range others {
			if i < ran {
				m.end <- outcome
			} else {
				m.turn <- nil
			}
		}
		<-db.writer
	}()
	err := db.once(ctx, func(t *Tx) error {
		begun = true
		if err := f(t); err != nil {
			return err
		}
		for _, m := range others {
			ran++
			m.turn <- t.session
			if <-m.ran != nil {
				return errAlone
			}
		}
		committing = true
		return nil
	})
	if committing || !begun && ctx.Err() == nil {
		outcome = err
	}
	if hurry {
		db.group.expect(time.Since(began))
	}
	return err
}

// follow runs a transaction within that of a leader.
func (db *DB) follow(m *member, s session, f func(*Tx) error) error {
	if s == nil {
		return errAlone
	}
	err := errAlone
	func() {
		defer func() { m.ran <- err }() // also if f panics
		err = f(&Tx{session: s, dialect: db.dialect})
	}()
	if err != nil {
		return errAlone
	}
	return <-m.end
}

func (g *commitGroup) enqueue(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, m)
	if m.hurry && g.arrived != nil {
		close(g.arrived)
		g.arrived = nil
	}
}

// expect says that one in a hurry was committed. If that is so all the time, whoever
// waited for it is likely to be back within a commit.
func (g *commitGroup) expect(took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.Sub(g.hurried) < 4*took {
		g.until = now.Add(min(took, longestGather))
	}
	g.hurried = now
}

// gather waits for one in a hurry, who would wait for the commit otherwise.
func (g *commitGroup) gather(ctx context.Context) {
	g.mu.Lock()
	wait := time.Until(g.until)
	if wait <= 0 || slices.ContainsFunc(g.waiting, func(m *member) bool { return m.hurry }) {
		g.mu.Unlock()
		return
	}
	arrived := make(chan struct{})
	g.arrived = arrived
	g.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// withdraw reports whether m waited still, and lets it wait no more.
func (g *commitGroup) withdraw(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.waiting)
	g.waiting = slices.DeleteFunc(g.waiting, func(other *member) bool { return other == m })
	return len(g.waiting) < before
}

// take returns those that wait, but for the leader.
func (g *commitGroup) take(leader *member) []*member {
	g.withdraw(leader)
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), mostShared-1)
	group := slices.Clone(g.waiting[:n])
	g.waiting, g.arrived = slices.Delete(g.waiting, 0, n), nil
	return group
}
