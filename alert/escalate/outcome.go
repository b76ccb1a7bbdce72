package escalate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	deliveryGrace = time.Minute    // until a message without an outcome counts as failed
	failedTries   = 2              // of a telephone, likewise
	longestHold   = 24 * time.Hour // of what a far end asks for
)

// An attempt is how a step stands that was taken.
type attempt struct {
	Step    string `json:"step"`
	At      int64  `json:"at"` // when it was taken, or until when its message has to wait
	Tries   int    `json:"tries,omitempty"`
	Told    bool   `json:"told,omitempty"`    // also when it was taken before
	Held    bool   `json:"held,omitempty"`    // by an alert.Ringer
	Outcome Event  `json:"outcome,omitempty"` // EventTold, EventFailed, or none yet
}

// take notes that a step is taken, instead of when it was before.
func (in *incident) take(s *step, now int64) {
	in.note(now, EventStep, s.Name, "")
	next := attempt{Step: s.Name, At: now}
	if a := in.attempt(s.Name); a != nil {
		next.Told = a.Told
		*a = next
		return
	}
	in.Attempts = append(in.Attempts, next)
}

// attempt returns how a step stands, or nil if it was not taken.
func (in *incident) attempt(name string) *attempt {
	for i := range in.Attempts {
		if in.Attempts[i].Step == name {
			return &in.Attempts[i]
		}
	}
	return nil
}

// nobodyTold reports whether all steps failed that were taken last, so that there is
// nobody to wait for before the next one.
func (e *Escalation) nobodyTold(in *incident) bool {
	last := min(in.Steps, len(e.steps)) - 1
	for i := last; i >= 0 && e.steps[i].After == e.steps[last].After; i-- {
		if a := in.attempt(e.steps[i].Name); a == nil || a.Outcome != EventFailed {
			return false
		}
	}
	return last >= 0
}

// untold returns the steps that told nobody.
func (in *incident) untold() string {
	var names []string
	for _, a := range in.Attempts {
		if !a.Told || a.Outcome == EventFailed {
			names = append(names, a.Step)
		}
	}
	return strings.Join(names, ", ")
}

// A result is what came of messages, within a transaction.
type result struct {
	jobs   []jobstore.Job // to be queued
	failed []stepFailure
	hold   hold // of the step whose message it was
}

// A stepFailure is a step that told nobody, for the log.
type stepFailure struct{ step, reason string }

// hear records the outcome of a message about an incident.
//
// A chat that is taken at once is repeated for a while before it counts as failed: that it
// is away for a moment is no reason to ring people. So is a message about
// several problems that was refused, since one of them may be at fault.
func (s *step) hear(r *result, in *incident, err error, alone bool, now int64) {
	a := in.attempt(s.Name)
	switch {
	case a == nil || a.Outcome == EventTold || err != nil && a.Outcome != "":
		return
	case err == nil:
		a.Outcome, a.Told = EventTold, true
		in.note(now, EventTold, s.Name, "")
		return
	}
	if held, ok := errors.AsType[*alert.HeldError](err); ok && held.Retryable() { // which is no fault
		r.hold = hold{now + held.After.Milliseconds(), held.By}
		in.hold(a, r.hold, now)
		return
	}
	a.Tries++
	uncertain := errors.Is(err, alert.ErrUncertain) && (s.Route.NeverTwice || !alert.Retryable(err) && !s.Route.Resend)
	again, wait := alert.Retryable(err) && !uncertain, alert.RetryAfter(err)
	switch {
	case uncertain, !again && alone:
		s.e.fail(r, in, s.Name, jobstore.ErrorText(err), now)
	case a.Tries < failedTries && wait <= deliveryGrace:
		a.At = max(a.At, now+wait.Milliseconds())
	case s.rings():
		s.e.fail(r, in, s.Name, jobstore.ErrorText(err), now)
	}
}

// rings reports whether the step is no chat, so that what fails need not be tried for long:
// the next step wakes people too.
func (s *step) rings() bool { return s.After > 0 || s.Route.NeverTwice }

// fail records that a step told nobody, and tells the first steps, but for that step.
func (e *Escalation) fail(r *result, in *incident, name, reason string, now int64) {
	if a := in.attempt(name); a != nil {
		a.Outcome = EventFailed
	}
	in.note(now, EventFailed, name, reason)
	w := wordsOf(e.opts.Locale)
	text := fmt.Sprintf(w.stepFailed, name, cut(reason, maxText))
	if in.Steps < len(e.steps) && e.nobodyTold(in) {
		text += w.nextNow
	}
	r.jobs = append(r.jobs, e.news(in, fmt.Sprintf("%s/%s/%d", EventFailed, name, now), text, alert.Firing, name, now)...)
	r.failed = append(r.failed, stepFailure{name, reason})
}

// late fails the steps of which nothing is known for too long. Those whose route is held
// have that time too.
func (e *Escalation) late(r *result, in *incident, held map[string]hold, now int64) {
	for i := range in.Attempts {
		a := &in.Attempts[i]
		if a.Outcome != "" || in.State != Waiting {
			continue
		}
		a.At = max(a.At, e.began) // before, nothing could be delivered
		if h := held[a.Step]; h.Until > a.At {
			in.hold(a, h, now)
		}
		if a.At+deliveryGrace.Milliseconds() <= now {
			e.fail(r, in, a.Step, wordsOf(e.opts.Locale).late, now)
		}
	}
}

// hold notes that the message of a step has to wait.
func (in *incident) hold(a *attempt, h hold, now int64) {
	a.At, a.Held = max(a.At, h.Until), true
	if !in.logged(EventHeld, a.Step, string(h.By)) {
		in.note(now, EventHeld, a.Step, string(h.By))
	}
}

// report has what was queued delivered, and logs what failed.
func (e *Escalation) report(ctx context.Context, r *result) {
	if len(r.jobs) > 0 {
		e.notify()
	}
	for _, f := range r.failed {
		e.log(ctx, slog.LevelError, "escalation step failed", slog.String("step", f.step), slog.String("error", f.reason))
	}
}
