package ocp

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	loginPause    = 10 * time.Minute // for how long a refused login keeps a client silent
	loginPatience = 2 * time.Second  // a server that has not refused by then hangs rather than refuses
)

// A login keeps a client from locking its account. Until one call has shown
// that the credentials are good, calls go one at a time, or one every two
// seconds if there is no answer; after one was refused there is none for a while,
// however many goroutines use the client.
type login struct {
	turn chan struct{} // a token: who has it may try unproven credentials

	mu      sync.Mutex
	proven  bool
	until   time.Time // no call before this
	refused *Error    // why
}

func newLogin() *login {
	l := &login{turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// enter lets a call begin. The call reports its outcome by leave.
func (l *login) enter(ctx context.Context, op string) (leave func(error), err error) {
	if proven, err := l.ask(op); proven || err != nil {
		return l.settle, err
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		return nil, &Error{Op: op, Err: fmt.Errorf("waiting for the first login: %w", ctx.Err())}
	}
	if _, err := l.ask(op); err != nil { // what the one before found out
		l.turn <- struct{}{}
		return nil, err
	}
	pass := sync.OnceFunc(func() { l.turn <- struct{}{} })
	late := time.AfterFunc(loginPatience, pass)
	return func(err error) { l.settle(err); late.Stop(); pass() }, nil
}

// ask reports whether the credentials are known to be good, or returns the
// refusal that holds.
func (l *login) ask(op string) (proven bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := time.Until(l.until); left > 0 {
		e := *l.refused
		e.Op, e.after, e.held = op, left, true
		return false, &e
	}
	return l.proven, nil
}

// settle learns from the outcome of a call: nil, or an *Error.
func (l *login) settle(err error) {
	e, _ := err.(*Error) //nolint:errorlint // do returns it bare
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.proven = true
	case e.isLogin():
		e.after = loginPause
		refused := *e
		l.proven, l.until, l.refused = false, time.Now().Add(loginPause), &refused
	}
}
