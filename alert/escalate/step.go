package escalate

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A step is a Step at work: the Sender of its route, and what is done within the
// transactions of the route's worker.
type step struct {
	Step

	e        *Escalation
	host     jobstore.Host
	watchers watchers
	recent   []string // references of the last message that had any
}

var _ jobstore.Participant = (*step)(nil)

func (s *step) Attach(h jobstore.Host) func(context.Context) (bool, error) {
	s.host = h
	return s.watchDue
}

// Begin returns a context in which [TrackReference] records references, and Send the
// outcome.
func (s *step) Begin(ctx context.Context, jobs []jobstore.Job, _ []alert.Alert) (context.Context, jobstore.Attempt) {
	m := &message{err: errors.New("the sender panicked")}
	return context.WithValue(ctx, messageKey{}, m), jobstore.Attempt{
		Settle: func(t jobstore.Txn) error { return s.save(t, jobs, m) },
		Done:   func() { s.e.report(ctx, &m.result) },
	}
}

// Send hands alerts to the Sender of the step, with the link by which they can be
// taken: one for all of them, so that a digest can show it.
func (s *step) Send(ctx context.Context, alerts ...alert.Alert) error {
	m, tracked := ctx.Value(messageKey{}).(*message)
	if !tracked {
		return s.Sender.Send(ctx, alerts...)
	}
	token, linked := rand.Text()[:tokenLength], false
	for i := range alerts {
		if a := &alerts[i]; s.Link != nil && a.Status == alert.Firing && !a.Test && !strings.HasPrefix(a.ID, newsID) {
			a.URL, linked = s.Link(token), true
		}
	}
	if linked {
		m.links = append(m.links, token)
	}
	err := s.Sender.Send(ctx, alerts...)
	m.finish(err)
	return err
}

// Select returns those of the jobs that are still to be sent, and forgets the
// others: their problem is taken or over, or belongs to a new incident. The steps that
// are taken at once hear everything.
func (s *step) Select(t jobstore.Txn, jobs []jobstore.Job) ([]jobstore.Job, error) {
	if s.After == 0 {
		return jobs, nil
	}
	known, err := byProblem(t, s.e.host.Number(), problemsOf(jobs))
	if err != nil {
		return nil, err
	}
	var wanted []jobstore.Job
	var off []int64
	for _, j := range slices.Backward(jobs) {
		if in := known[j.Problem]; in != nil && in.waits() && in.ID < j.Number {
			wanted = append(wanted, j)
			delete(known, j.Problem) // if the step was taken again, once will do
		} else {
			off = append(off, j.Number)
		}
	}
	slices.Reverse(wanted)
	if len(off) > 0 {
		_, err = t.Remove(s.host.Number(), off)
	}
	return wanted, err
}

func problemsOf(jobs []jobstore.Job) []jobstore.Hash {
	problems := make([]jobstore.Hash, len(jobs))
	for i := range jobs {
		problems[i] = jobs[i].Problem
	}
	return problems
}

// save saves the outcome and the references of a message, these whatever the outcome:
// a telephone may ring although nobody knows it.
func (s *step) save(t jobstore.Txn, jobs []jobstore.Job, m *message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.result = result{}
	if len(m.calls) > 0 {
		s.recent = m.calls
	}
	if _, err := t.Lock(s.e.host.Number()); err != nil {
		return err
	}
	known, err := byProblem(t, s.e.host.Number(), problemsOf(jobs))
	if err != nil {
		return err
	}
	var changed []incident
	var refs []jobstore.Reference
	for i := range jobs {
		in := known[jobs[i].Problem]
		if in == nil || in.ID > jobs[i].Number {
			continue
		}
		delete(known, jobs[i].Problem)
		before, calls := len(in.Log), m.calls
		s.hear(&m.result, in, alert.ErrorAt(m.err, i, len(jobs)), len(jobs) == 1, t.Now())
		if a := in.attempt(s.Name); a != nil && a.Held && a.Outcome == EventTold && len(calls) == 0 {
			calls, a.Held = s.recent, false // that call spoke for what was held
		}
		for _, token := range m.links {
			refs = append(refs, jobstore.Reference{Ref: hashOfToken(token), Incident: in.ID})
		}
		for _, ref := range calls {
			refs = append(refs, jobstore.Reference{Ref: hashOfCall(ref), Incident: in.ID})
		}
		if s.keep(in, calls, t.Now()) || len(in.Log) > before || m.err != nil {
			s.e.schedule(in, t.Now())
			changed = append(changed, *in)
		}
	}
	if err := errors.Join(t.AddReferences(refs), s.e.enqueue(t, m.result.jobs)); err != nil {
		return err
	}
	if err := s.hold(t, m.result.hold); err != nil {
		return err
	}
	return put(t, changed)
}

// keep has the calls of a message looked after, if the step does that.
func (s *step) keep(in *incident, calls []string, now int64) bool {
	if len(calls) == 0 || s.Watch == nil && s.Stop == nil {
		return false
	}
	for _, ref := range calls {
		in.watch(call{Step: s.Name, Reference: ref, Next: now + watchEvery.Milliseconds()})
	}
	if !in.waits() { // it was taken while this went out
		in.callOff(now)
	}
	return true
}
