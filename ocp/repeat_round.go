package ocp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Bounds of a round.
const (
	maxWorkers = 8
	perWorker  = 64 // alerts that do not need a further worker
	maxInARow  = 3  // failures after which the rest is not tried
)

type round struct {
	repeater *Repeater

	mu     sync.Mutex
	list   []problem
	failed int   // in a row
	rest   error // why the rest is not tried

	telling sync.Mutex
}

func (r *Repeater) round(ctx context.Context) {
	s := &round{repeater: r, list: r.due()}
	var workers sync.WaitGroup
	for range min(maxWorkers, 1+len(s.list)/perWorker) {
		workers.Go(func() { s.work(ctx) })
	}
	workers.Wait()
}

func (s *round) work(ctx context.Context) {
	r := s.repeater
	for {
		id, rest, ok := s.next()
		if !ok {
			return
		}
		a, gap, ok := r.take(id, rest != nil)
		if !ok {
			continue // resolved meanwhile, or told already
		}
		err := rest
		if err == nil {
			err = r.sender.push(ctx, &a)
			s.settle(err)
		}
		if ctx.Err() != nil {
			return
		}
		s.tell(a, gap, err)
	}
}

// tell tells what became of one push.
func (s *round) tell(a alert.Alert, gap time.Duration, err error) {
	r := s.repeater
	s.telling.Lock()
	defer s.telling.Unlock()
	if err == nil && r.onPushed != nil {
		r.onPushed(a)
	}
	if err == nil && gap > 2*r.interval {
		err = &Error{Op: opPush, Err: lateError{gap.Round(time.Second)}}
	}
	if err != nil {
		r.onError(a, err)
	}
}

func (s *round) next() (id problem, rest error, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return problem{}, nil, false
	}
	id, s.list = s.list[0], s.list[1:]
	return id, s.rest, true
}

// settle decides by the outcome of one push whether the rest is tried. An answer
// to one alarm, even a bad one, says nothing about the others.
func (s *round) settle(err error) {
	rest := forTheRest(err)
	e, _ := err.(*Error) //nolint:errorlint // Push returns it bare
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest == nil {
		s.failed = 0
		return
	}
	s.failed++
	if s.failed >= maxInARow || e.isLogin() || e.isDenied() || e.isWait() {
		s.rest = rest
	}
}

// A lateError is a push that came late.
type lateError struct{ gap time.Duration }

// Error says what that may have led to.
func (l lateError) Error() string {
	return fmt.Sprintf("pushed again only after %v, and OCP may have ended the alarm meanwhile: too many alerts are kept alive, or OCP is slow", l.gap)
}
