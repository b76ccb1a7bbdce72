package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	maxReference  = 500 // bytes
	maxReferences = 10  // of one message
)

// TrackReference is for the Sender of a [Step]: it records what the far end knows the
// message by that is being sent, such as the id of a telephone call. The context
// is that of Send. By the reference, of at most 500 bytes, the problems in the
// message can be taken, see [Escalation.Acknowledge], and the step's Watch and
// Stop are called with it. A message may have ten. Outside of a Step it is an
// error.
func TrackReference(ctx context.Context, reference string) error {
	references, ok := ctx.Value(referencesKey{}).(*references)
	if !ok {
		return errors.New("outbox: track reference: not within a step of an escalation")
	}
	return references.add(reference, true)
}

// references are the references of a message.
type references struct {
	mu    sync.Mutex
	calls []string // the step looks after them
	links []string
}

type referencesKey struct{}

// withReferences returns a context in which [TrackReference] records, if the route is a step.
func withReferences(ctx context.Context, r *route, n *references) context.Context {
	if r.step == nil {
		return ctx
	}
	return context.WithValue(ctx, referencesKey{}, n)
}

func (n *references) add(ref string, isCall bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Contains(n.calls, ref) {
		return nil
	}
	if ref == "" || len(ref) > maxReference || len(n.calls)+len(n.links) >= maxReferences {
		return fmt.Errorf("outbox: track reference: a reference of %d bytes behind %d others, want 1 to %d bytes and %d of them",
			len(ref), len(n.calls)+len(n.links), maxReference, maxReferences)
	}
	if isCall {
		n.calls = append(n.calls, ref)
	} else {
		n.links = append(n.links, ref)
	}
	return nil
}

// A step is a Step at work: the Sender of its route, and what is done within the
// transactions of the route's worker.
type step struct {
	*Step

	e     *Escalation
	index int
}

// Send hands alerts to the Sender of the step, with the link by which they can be
// taken: one for all of them, so that a digest can show it.
func (s *step) Send(ctx context.Context, alerts ...alert.Alert) error {
	n, ok := ctx.Value(referencesKey{}).(*references)
	if s.Link == nil || !ok {
		return s.Sender.Send(ctx, alerts...)
	}
	token, linked := rand.Text(), false
	for i := range alerts {
		if a := &alerts[i]; a.Status == alert.Firing && !strings.HasPrefix(a.ID, newsID) {
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

// selectWanted returns those of the jobs that are still to be sent, and forgets the
// others: problems that are taken or over, or that belong to a new incident. The steps that
// are taken at once hear everything.
func (s *step) selectWanted(t txn, jobs []job) ([]job, error) {
	if s.After == 0 {
		return jobs, nil
	}
	known, err := byProblem(t, s.e.intake.number, problemsOf(jobs))
	if err != nil {
		return nil, err
	}
	var wanted []job
	var off []int64
	for i := range jobs {
		if in := known[jobs[i].Problem]; in != nil && in.waits() && in.ID < jobs[i].Number {
			wanted = append(wanted, jobs[i])
		} else {
			off = append(off, jobs[i].Number)
		}
	}
	if len(off) > 0 {
		_, err = t.remove(s.e.routes[s.index].number, off)
	}
	return wanted, err
}

func problemsOf(jobs []job) []hash {
	problems := make([]hash, len(jobs))
	for i := range jobs {
		problems[i] = jobs[i].Problem
	}
	return problems
}

// keep keeps the references of a message that went out, whatever became of it: a
// telephone may ring although nobody knows the outcome.
func (s *step) keep(t txn, jobs []job, n *references) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.calls)+len(n.links) == 0 {
		return nil
	}
	if _, err := t.lock(s.e.intake.number); err != nil {
		return err
	}
	known, err := byProblem(t, s.e.intake.number, problemsOf(jobs))
	if err != nil {
		return err
	}
	var changed []incident
	var refs []reference
	for i := range jobs {
		in := known[jobs[i].Problem]
		if in == nil || in.ID > jobs[i].Number {
			continue
		}
		delete(known, jobs[i].Problem)
		for _, ref := range slices.Concat(n.links, n.calls) {
			refs = append(refs, reference{Ref: hashOf(ref), Incident: in.ID})
		}
		if len(n.calls) > 0 && (s.Watch != nil || s.Stop != nil) {
			for _, ref := range n.calls {
				in.watch(call{Step: s.Name, Reference: ref, Next: t.now() + watchEvery.Milliseconds()})
			}
			if !in.waits() { // it was taken while this went out
				in.callOff(t.now())
			}
			s.e.schedule(in)
			changed = append(changed, *in)
		}
	}
	if err := t.addReferences(refs); err != nil {
		return err
	}
	return t.putIncidents(changed)
}
