package alert

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Fanout returns a Sender that gives the alerts to all senders at once and
// waits for every one of them: a slow or broken branch costs the others
// nothing. An alert is accepted when every branch accepted it.
//
// The error joins those of the branches as they are. [ErrorAt] tells what
// became of one alert, [Retryable] whether one branch at least is worth
// another try. Sending again repeats what succeeded, so wrap the branches, not
// the Fanout, in whatever repeats, or put the outbox of package alert/outbox in
// the place of the Fanout, which repeats for each branch by itself.
//
// A panic in a branch becomes the error of that branch. It matches
// [ErrUncertain] and is not retryable; its text has the type and the place of
// the panic, never its value. A Fanout of no senders refuses every alert:
// nobody would get it.
func Fanout(senders ...Sender) Sender {
	return fanout(slices.Clone(senders))
}

// fanout is the Sender behind Fanout.
type fanout []Sender

// Send gives the alerts to every branch.
func (f fanout) Send(ctx context.Context, alerts ...Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if len(f) == 0 {
		return noBranchError{}
	}
	alerts = slices.Clip(alerts) // a branch that appends shall not meet another
	errs := make([]error, len(f))
	var wg sync.WaitGroup
	for i, branch := range f {
		wg.Go(func() { guard(&errs[i], i, func() error { return branch.Send(ctx, alerts...) }) })
	}
	wg.Wait()
	failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

// guard stores the result of send in err. It stores a panicError if send
// panics or ends the goroutine (as testing.T.FailNow does).
func guard(err *error, branch int, send func() error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		*err = &panicError{branch: branch, kind: fmt.Sprintf("%T", recover()), place: panicPlace()}
	}()
	*err = send()
	returned = true
}

// panicPlace finds, on the stack of a deferred call, the function that
// panicked, as "wecom.render (render.go:88)". It returns "" if there is none.
func panicPlace() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s (%s:%d)", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// A panicError stands for a branch that did not return.
type panicError struct {
	branch      int
	kind, place string
}

// Error says where, but not the panic's value, which may hold anything.
func (e *panicError) Error() string {
	text := fmt.Sprintf("alert: fanout: branch %d: ended without an answer", e.branch)
	if e.place != "" {
		text += fmt.Sprintf(": panic (%s) at %s", e.kind, e.place)
	}
	return text
}

// Unwrap says that the branch may have sent before it panicked.
func (e *panicError) Unwrap() error { return ErrUncertain }

// Retryable says that the same alerts will meet the same bug.
func (e *panicError) Retryable() bool { return false }

// A noBranchError is the answer of a Fanout of no senders.
type noBranchError struct{}

// Error states the cause.
func (noBranchError) Error() string { return "alert: fanout: no senders: nobody would get the alert" }

// Retryable says that the list of senders will not change.
func (noBranchError) Retryable() bool { return false }
