package escalate

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A step is a Step at work: the Sender of its route, and what is done within the
// transactions of the route's worker.
type step struct {
	Step

	e    *Escalation
	host jobstore.Host
}

var _ jobstore.Participant = (*step)(nil)

func (s *step) Attach(h jobstore.Host) func(context.Context) (bool, error) {
	s.host = h
	return nil
}

// Begin returns a context in which [TrackReference] records references.
func (s *step) Begin(ctx context.Context, jobs []jobstore.Job, _ []alert.Alert) (context.Context, jobstore.Attempt) {
	n := new(references)
	return context.WithValue(ctx, referencesKey{}, n), jobstore.Attempt{
		Settle: func(t jobstore.Txn) error { return s.save(t, jobs, n) },
	}
}

// Send hands alerts to the Sender of the step, with the link by which they can be
// taken: one for all of them, so that a digest can show it.
func (s *step) Send(ctx context.Context, alerts ...alert.Alert) error {
	n, tracked := ctx.Value(referencesKey{}).(*references)
	if s.Link == nil || !tracked {
		return s.Sender.Send(ctx, alerts...)
	}
	token, linked := rand.Text(), false
	for i := range alerts {
		if a := &alerts[i]; a.Status == alert.Firing && !a.Test && !strings.HasPrefix(a.ID, newsID) {
			a.URL, linked = s.Link(token), true
		}
	}
	if linked {
		if err := n.add(token, false); err != nil {
			return err
		}
	}
	return s.Sender.Send(ctx, alerts...)
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
	for i := range jobs {
		if in := known[jobs[i].Problem]; in != nil && in.waits() && in.ID < jobs[i].Number {
			wanted = append(wanted, jobs[i])
		} else {
			off = append(off, jobs[i].Number)
		}
	}
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

// save saves the references of a message that was sent, whatever its outcome: a
// telephone may ring although nobody knows the outcome.
func (s *step) save(t jobstore.Txn, jobs []jobstore.Job, n *references) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.calls)+len(n.links) == 0 {
		return nil
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
		for _, ref := range slices.Concat(n.links, n.calls) {
			refs = append(refs, jobstore.Reference{Ref: jobstore.HashOf(ref), Incident: in.ID})
		}
		if len(n.calls) > 0 && (s.Watch != nil || s.Stop != nil) {
			for _, ref := range n.calls {
				in.watch(call{Step: s.Name, Reference: ref, Next: t.Now() + watchEvery.Milliseconds()})
			}
			if !in.waits() { // it was taken while this went out
				in.callOff(t.Now())
			}
			s.e.schedule(in, t.Now())
			changed = append(changed, *in)
		}
	}
	if err := t.AddReferences(refs); err != nil {
		return err
	}
	return put(t, changed)
}
