package escalate

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// lookAfter calls a message off if it is not wanted any more, and else asks what
// became of it.
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
	case s == nil:
	case !wanted && s.Stop != nil:
		err = guarded(func() error { return s.Stop(asking, c.Reference) })
	case wanted && s.Watch != nil:
		err = guarded(func() (err error) {
			a, err = s.Watch(asking, c.Reference)
			return err
		})
	}
	if err != nil {
		return err
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

// stepNamed returns a step, or nil if there is none of the name any more.
func (e *Escalation) stepNamed(name string) *step {
	for i := range e.steps {
		if e.steps[i].Name == name {
			return e.steps[i]
		}
	}
	return nil
}

// wanted reports whether anybody is still wanted for what a message was about.
func (e *Escalation) wanted(ctx context.Context, ref string) (wanted bool, err error) {
	err = e.host.Store.Do(ctx, func(t jobstore.Txn) error {
		list, err := readAll(t.IncidentsByReference(e.host.Number(), jobstore.HashOf(ref)))
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
	if a.By == "" && !a.Over {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout) // the answer may not come again
	defer cancel()
	_, err := e.change(ctx, c.Reference, a.By, func(in *incident) {
		kept := in.Calls[:0:0]
		for _, other := range in.Calls {
			if other.Step != c.Step || other.Reference != c.Reference {
				kept = append(kept, other)
			}
		}
		in.Calls = kept
	})
	if err != nil && !errors.Is(err, ErrUnknownReference) {
		return fmt.Errorf("the answer could not be recorded: %w", err)
	}
	return nil
}
