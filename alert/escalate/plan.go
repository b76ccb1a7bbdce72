package escalate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	planEvery = 5 * time.Second  // a process says which steps it runs
	planLease = 20 * time.Second // it counts as running for so long after that
)

// ErrOtherSteps says that another process runs an escalation of the same name with
// other steps.
var ErrOtherSteps = errors.New("another process runs it with other steps")

// A plan is what all processes share that run an escalation. It is kept as an incident
// that nothing lists.
type plan struct {
	Steps string          `json:"steps"`
	Seen  int64           `json:"seen"`           // when a process ran these steps
	Held  map[string]hold `json:"held,omitempty"` // steps that ring nobody
}

// A hold says until when a step rings nobody, and why.
type hold struct {
	Until int64        `json:"until"`
	By    alert.HeldBy `json:"by"`
}

// outline describes the steps.
func (e *Escalation) outline() string {
	var all []string
	for _, s := range e.steps {
		all = append(all, fmt.Sprintf("%s after %v", s.Name, s.After))
	}
	return strings.Join(all, ", ")
}

// Check makes the steps of e those of its name. While another process runs other steps
// under that name the error matches [ErrOtherSteps]: two programs would take each other's
// steps. For 20 s after that process has died nobody knows. An Escalation checks that
// itself, takes no steps meanwhile and says so in the log; call Check to say it at start.
func (e *Escalation) Check(ctx context.Context) error {
	if err := e.host.Enroll(ctx); err != nil {
		return failure(ctx, "check", err)
	}
	err := e.host.Store.Locked(ctx, func(t jobstore.Txn) error {
		if _, err := t.Lock(e.host.Number()); err != nil {
			return err
		}
		return e.changePlan(t, func(p *plan) error {
			if p.Steps != e.outline() && t.Now() >= p.Seen && t.Now()-p.Seen < planLease.Milliseconds() {
				return fmt.Errorf("%q: %w: %s; here they are: %s", e.name, ErrOtherSteps, p.Steps, e.outline())
			}
			p.Steps, p.Seen = e.outline(), t.Now()
			return nil
		})
	})
	if err != nil {
		return failure(ctx, "check", err)
	}
	return nil
}

// changePlan changes the plan by f.
func (e *Escalation) changePlan(t jobstore.Txn, f func(*plan) error) error {
	row, p, err := e.readPlan(t)
	if err == nil && row.ID == 0 {
		row = jobstore.Incident{Escalation: e.host.Number(), Problem: jobstore.HashOf("plan"), Due: never, Until: never}
		row.ID, err = t.Reserve(1)
	}
	if err == nil {
		err = f(&p)
	}
	if err == nil {
		row.Doc, err = json.Marshal(&p)
	}
	if err != nil {
		return err
	}
	return t.PutIncidents([]jobstore.Incident{row})
}

// readPlan returns the plan and its row, both empty if there is none that can be read.
func (e *Escalation) readPlan(t jobstore.Txn) (row jobstore.Incident, p plan, err error) {
	rows, err := t.Incidents(e.host.Number(), []jobstore.Hash{jobstore.HashOf("plan")})
	if err != nil || len(rows) == 0 {
		return row, p, err
	}
	_ = json.Unmarshal(rows[0].Doc, &p) // else it begins anew
	return rows[0], p, nil
}

// hold notes that a step rings nobody. Its route waits, and so nothing is known of the
// messages behind the one that was held.
func (s *step) hold(t jobstore.Txn, h hold) error {
	if h.Until == 0 {
		return nil
	}
	return s.e.changePlan(t, func(p *plan) error {
		maps.DeleteFunc(p.Held, func(_ string, old hold) bool { return old.Until <= t.Now() })
		if p.Held == nil {
			p.Held = make(map[string]hold)
		}
		p.Held[s.Name] = h
		return nil
	})
}
