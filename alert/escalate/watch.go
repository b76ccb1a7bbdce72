package escalate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// watchAtOnce is how many messages of a step are asked about at the same time.
const watchAtOnce = 16

// watchers are the messages of a step that have to be looked after now.
type watchers struct {
	mu   sync.Mutex
	due  []call
	busy map[string]bool // by reference
}

// add has a message looked after, unless that is under way.
func (w *watchers) add(c call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[c.Reference] {
		return
	}
	if w.busy == nil {
		w.busy = make(map[string]bool)
	}
	w.busy[c.Reference] = true
	w.due = append(w.due, c)
}

// watchDue looks after the messages of the step, several at a time. It is called by
// another goroutine than runDue, so that a far end that hangs delays no step.
func (s *step) watchDue(ctx context.Context) (more bool, err error) {
	s.watchers.mu.Lock()
	due := s.watchers.due
	s.watchers.due = nil
	s.watchers.mu.Unlock()
	for calls := range slices.Chunk(due, watchAtOnce) {
		var some sync.WaitGroup
		for _, c := range calls {
			some.Go(func() {
				if err := s.e.lookAfter(ctx, c); err != nil && ctx.Err() == nil {
					s.e.log(ctx, slog.LevelWarn, "call status unknown, polling again", slog.String("step", c.Step), slog.String("error", jobstore.ErrorText(err)))
				}
			})
		}
		some.Wait()
	}
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	for _, c := range due {
		delete(s.watchers.busy, c.Reference)
	}
	return false, nil
}

// lookAfter calls a message off if it is not wanted any more, and else asks what
// became of it. What a far end refuses for good, as it does not know the message any
// more, is over.
func (e *Escalation) lookAfter(ctx context.Context, c call) error {
	s := e.stepNamed(c.Step)
	wanted, err := e.wanted(ctx, c.Reference)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	a := Answer{Over: true}
	switch {
	case s.Name != c.Step: // there is no such step any more
	case !wanted && s.Stop != nil:
		err = guarded(func() error { return s.Stop(asking, c.Reference) })
	case wanted && s.Watch != nil:
		err = guarded(func() (err error) {
			a, err = s.Watch(asking, c.Reference)
			return err
		})
	case s.Stop != nil: // later
		return nil
	}
	if err != nil && (alert.Retryable(err) || ctx.Err() != nil) {
		return err
	}
	if err != nil {
		e.log(ctx, slog.LevelWarn, "call cannot be watched or stopped any more", slog.String("step", c.Step), slog.String("error", jobstore.ErrorText(err)))
		a = Answer{Over: true}
	}
	return e.conclude(ctx, c, a)
}

// guarded runs code of others.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil { // with the panic value is not shown, it may be a secret
			err = errors.New("it panicked")
		}
	}()
	return f()
}

// stepNamed returns a step, or the first one if there is none of the name any more.
func (e *Escalation) stepNamed(name string) *step {
	return e.steps[max(0, slices.IndexFunc(e.steps, func(s *step) bool { return s.Name == name }))]
}

// wanted reports whether anybody is still wanted for what a message was about.
func (e *Escalation) wanted(ctx context.Context, ref string) (wanted bool, err error) {
	err = e.host.Store.Do(ctx, func(t jobstore.Txn) error {
		list, err := readAll(t.IncidentsByReference(e.host.Number(), hashOfCall(ref)))
		wanted = false
		for i := range list {
			wanted = wanted || list[i].waits()
		}
		return err
	})
	return wanted, err
}

// conclude records an answer about a message.
func (e *Escalation) conclude(ctx context.Context, c call, a Answer) error {
	if a == (Answer{}) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout) // the answer may not come again
	defer cancel()
	_, err := e.change(ctx, hashOfCall(c.Reference), func(r *result, in *incident, now int64) {
		if a.By != "" {
			e.acknowledge(r, in, cleanName(a.By), now)
		}
		if a.News != "" && in.waits() && !in.logged(EventNews, c.Step, a.News) {
			in.note(now, EventNews, c.Step, a.News)
			r.jobs = append(r.jobs, e.news(in, fmt.Sprintf("%s/%d", EventNews, now), a.News, alert.News, "", now)...)
		}
		if at := in.attempt(c.Step); a.Failed != "" && in.waits() && at != nil && at.Outcome != EventFailed {
			e.fail(r, in, c.Step, a.Failed, now)
		}
		if a.Over || a.By != "" {
			in.Calls = slices.DeleteFunc(in.Calls, func(other call) bool { return other.Step == c.Step && other.Reference == c.Reference })
		}
	})
	if err != nil && !errors.Is(err, ErrUnknownReference) {
		return fmt.Errorf("the answer could not be recorded: %w", err)
	}
	return nil
}
