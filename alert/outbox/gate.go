package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	groupLetters = 500     // in one transaction, and
	groupBytes   = 8 << 20 // of their documents: engines have limits
)

// errLeaderLeft says that the Send that committed for others gave up.
var errLeaderLeft = errors.New("the leader left")

// A gate makes one transaction of the Sends that arrive while another one is
// being committed. It starts no goroutine: one of those that wait commits for
// all of them.
type gate struct {
	turn chan struct{} // who holds its only place may commit

	mu      sync.Mutex
	waiting []*parcel
}

// A parcel is what one Send wants to have committed.
type parcel struct {
	letters []letter
	done    chan error // gets the outcome from whoever commits it
}

func newGate() gate { return gate{turn: make(chan struct{}, 1)} }

// pass returns when the letters are committed, by this call or by another one.
// If the one that commits gives up because its own context has ended, those
// that it took along try again: no event is accepted twice by it.
func (g *gate) pass(ctx context.Context, letters []letter, commit func(context.Context, []letter) error) error {
	for {
		p := &parcel{letters: letters, done: make(chan error, 1)}
		g.join(p)
		var err error
		select {
		case err = <-p.done:
		case g.turn <- struct{}{}:
			err = g.lead(ctx, p, commit)
		case <-ctx.Done():
			return g.leave(ctx, p)
		}
		if !errors.Is(err, errLeaderLeft) {
			return err
		}
	}
}

// lead commits the parcels of all who wait, unless somebody has committed the
// own one meanwhile.
func (g *gate) lead(ctx context.Context, own *parcel, commit func(context.Context, []letter) error) (err error) {
	defer func() { <-g.turn }()
	select {
	case err := <-own.done:
		return err
	default:
	}
	runtime.Gosched() // those whose commit has just ended may have the next one ready
	group, letters := g.take(own)
	err = errLeaderLeft
	defer func() { // also if commit panics
		others := err
		if err != nil && ctx.Err() != nil {
			others = errLeaderLeft
		}
		for _, p := range group[1:] {
			p.done <- others
		}
	}()
	if err = commit(ctx, letters); err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", alert.ErrUncertain, errors.Join(ctx.Err(), err))
	}
	return err
}

// join makes a parcel wait.
func (g *gate) join(p *parcel) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, p)
}

// take returns a parcel and the others that go along with it, and all their
// letters.
func (g *gate) take(own *parcel) (group []*parcel, letters []letter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	group = []*parcel{own}
	letters = slices.Clone(own.letters)
	size := own.size()
	left := g.waiting[:0]
	for _, p := range g.waiting {
		switch {
		case p == own:
		case len(letters)+len(p.letters) > groupLetters || size+p.size() > groupBytes:
			left = append(left, p)
		default:
			group, letters, size = append(group, p), append(letters, p.letters...), size+p.size()
		}
	}
	clear(g.waiting[len(left):])
	g.waiting = left
	return group, letters
}

// size returns the bytes of the documents.
func (p *parcel) size() int {
	n := 0
	for i := range p.letters {
		n += len(p.letters[i].doc)
	}
	return n
}

// leave gives up. What somebody is committing already may be accepted.
func (g *gate) leave(ctx context.Context, p *parcel) error {
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
