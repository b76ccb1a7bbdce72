package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	groupEntries = 500     // in one transaction, and
	groupBytes   = 8 << 20 // of their documents: engines have limits

	shortestGather = 50 * time.Microsecond // what is shorter costs more than it brings
	longestGather  = 5 * time.Millisecond
)

// errTryAgain says that the Send that committed for others gave up, or that its
// commit had no answer in time.
var errTryAgain = errors.New("nobody knows whether it was committed")

// A groupCommit makes one transaction of the Sends that arrive while another one is
// being committed. It starts no goroutine: one of those that wait commits for
// all of them.
type groupCommit struct {
	lock chan struct{} // who holds its only place may commit

	mu       sync.Mutex
	waiting  []*submission
	expected int           // that may wait soon: those of the last commit, and those behind it
	until    time.Time     // when they are late
	complete chan struct{} // closed when they wait; nil if nobody gathers
}

// A submission is what one Send wants to have committed.
type submission struct {
	entries []jobstore.Entry
	done    chan error // gets the outcome from the Send that commits it
}

func newGroupCommit() groupCommit { return groupCommit{lock: make(chan struct{}, 1)} }

// submit returns when the entries are committed, by this call or by another one.
// If the one that commits gives up because its own context has ended, those
// that it took along try again: no event is accepted twice by it. All do if
// commit returns errTryAgain.
func (g *groupCommit) submit(ctx context.Context, entries []jobstore.Entry, commit func(context.Context, func() []jobstore.Entry) error) (err error) {
	for {
		before := err
		p := &submission{entries: entries, done: make(chan error, 1)}
		g.enqueue(p)
		select {
		case err = <-p.done:
		case g.lock <- struct{}{}:
			err = g.commit(ctx, p, commit)
		case <-ctx.Done():
			err = g.withdraw(ctx, p)
			if err != nil && before != nil { // which may have been committed
				err = fmt.Errorf("%w: %w", alert.ErrUncertain, err)
			}
			return err
		}
		if !errors.Is(err, errTryAgain) {
			return err
		}
	}
}

// commit commits the submissions of all who wait, unless somebody has committed the
// own one meanwhile.
func (g *groupCommit) commit(ctx context.Context, own *submission, commit func(context.Context, func() []jobstore.Entry) error) (err error) {
	defer func() { <-g.lock }()
	select {
	case err := <-own.done:
		return err
	default:
	}
	g.gather(ctx)
	group := []*submission{own}
	entries := func() []jobstore.Entry { return g.collect(&group) }
	began := time.Now()
	err = errTryAgain
	defer func() { // also if commit panics
		g.expect(len(group), time.Since(began))
		others := err
		if err != nil && ctx.Err() != nil {
			others = errTryAgain
		}
		for _, p := range group[1:] {
			p.done <- others
		}
	}()
	if err = commit(ctx, entries); err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", alert.ErrUncertain, errors.Join(ctx.Err(), err))
	}
	return err
}

// expect says whom the next leader waits for, and how long. Callers whose commit has
// just ended usually have the next alert ready soon: half of a commit is a good price
// for having them in the next one, instead of the one after it.
func (g *groupCommit) expect(committed int, took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expected = committed + len(g.waiting)
	g.until = time.Now().Add(min(took/2, longestGather))
}

// gather waits for those who are on their way. A lone caller never waits.
func (g *groupCommit) gather(ctx context.Context) {
	runtime.Gosched()
	g.mu.Lock()
	wait := time.Until(g.until)
	if len(g.waiting) >= g.expected || wait < shortestGather {
		g.mu.Unlock()
		return
	}
	complete := make(chan struct{})
	g.complete = complete
	g.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-complete:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// enqueue adds a submission to those that wait.
func (g *groupCommit) enqueue(p *submission) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, p)
	if g.complete != nil && len(g.waiting) >= g.expected {
		close(g.complete)
		g.complete = nil
	}
}

// collect adds those that wait to a group, as long as there is room, and returns all
// its entries. It may be called again while the group waits for the store.
func (g *groupCommit) collect(group *[]*submission) (entries []jobstore.Entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	size := 0
	for _, p := range *group {
		entries, size = append(entries, p.entries...), size+p.size()
	}
	left := g.waiting[:0]
	for _, p := range g.waiting {
		switch {
		case p == (*group)[0]:
		case len(entries)+len(p.entries) > groupEntries || size+p.size() > groupBytes:
			left = append(left, p)
		default:
			*group, entries, size = append(*group, p), append(entries, p.entries...), size+p.size()
		}
	}
	clear(g.waiting[len(left):])
	g.waiting, g.complete = left, nil
	return entries
}

// size returns the bytes of the documents.
func (p *submission) size() int {
	n := 0
	for i := range p.entries {
		n += len(p.entries[i].Doc)
	}
	return n
}

// withdraw gives up. What somebody is committing already may be accepted.
func (g *groupCommit) withdraw(ctx context.Context, p *submission) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := slices.Index(g.waiting, p); at >= 0 {
		g.waiting = slices.Delete(g.waiting, at, at+1)
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		if err == nil {
			return nil
		}
	default:
	}
	return fmt.Errorf("%w: %w", alert.ErrUncertain, ctx.Err())
}
