package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// TestSimulationEscalation plays the worlds of [TestSimulation] with an escalation in
// each process: a chat at once, then two telephones, until somebody takes the problem
// or it is over.
func TestSimulationEscalation(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 40) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newDutyWorld(t, seed).play() })
		})
	}
}

const ackMargin = 10 * time.Second // from the claim of a message to its Send

// A duty is what is known of an escalation of a world.
type duty struct {
	w        *world
	steps    []*destination
	after    []time.Duration
	patience time.Duration

	many     atomic.Int64 // problems
	mu       sync.Mutex
	problems map[string]*problem // by Key, which is the name too
	order    []*problem
	taken    map[jobstore.Hash]map[int64]int // jobs of a problem, by route
}

// A problem is one incident.
type problem struct {
	name     string
	fate     int // what its caller does about it
	accepted time.Duration
	links    []string // of the messages in the chat that were heard: of a late one it may lead nowhere
	tokens   []string // of all messages
	perhaps  bool     // somebody wanted to take it, along with others
	acked    time.Duration
	over     time.Duration // its recovery was accepted
	heard    []int         // by step
	dead     []bool
	settled  bool
}

// errRefused says that a chat has refused to tell of a problem.
var errRefused = errors.New("sim: nobody will ever hear of it")

const (
	nobodyCares = iota
	somebodyTakes
	itEnds
)

func newDutyWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := newWorld(t, seed)
	rng := w.rng
	d := &duty{w: w, problems: make(map[string]*problem), taken: make(map[jobstore.Hash]map[int64]int), patience: time.Duration(1+rng.IntN(5)) * time.Minute}
	d.after = []time.Duration{0, time.Duration(30+rng.IntN(120)) * time.Second, 0}
	d.after[2] = d.after[1] + time.Duration(rng.IntN(180))*time.Second
	for i, name := range [...]string{"duty/chat", "duty/phone", "duty/boss"} {
		s := newDestination(rng, name, w.lease)
		s.least, s.opts.Filter, s.opts.MaxAge = 0, nil, -1
		s.opts.NeverTwice, s.opts.Resend = i > 0, false
		d.steps = append(d.steps, s)
	}
	w.plan.routes, w.plan.poisoned, w.duty = d.steps, 0, d
	for i := range w.plan.troubles {
		if t := &w.plan.troubles[i]; t.route != "" {
			t.route = d.steps[rng.IntN(len(d.steps))].name
		}
	}
	w.store.committed = d.count
	return w
}

// join adds the escalation to a process.
func (d *duty) join(p *process) {
	var steps []escalate.Step
	for i, s := range d.steps {
		step := escalate.Step{Name: s.name[len("duty/"):], After: d.after[i], Sender: &stepEnd{p: p, d: s, step: i}, Route: s.opts}
		if i == 0 {
			step.Link = func(token string) string { return token }
		}
		steps = append(steps, step)
	}
	var err error
	p.duty, err = escalate.New(p.box, "duty", steps, &escalate.Options{Quiet: true, Patience: d.patience})
	require.NoError(d.w, err)
}

// count counts the jobs that a transaction has committed.
func (d *duty) count(jobs []jobstore.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range jobs {
		j := &jobs[i]
		if d.taken[j.Problem] == nil {
			d.taken[j.Problem] = make(map[int64]int)
		}
		d.taken[j.Problem][j.Route]++
	}
}

// A stepEnd is the far end of a step, as a process reaches it.
type stepEnd struct {
	p    *process
	d    *destination
	step int
}

func (e *stepEnd) Send(ctx context.Context, alerts ...alert.Alert) error {
	p, w := e.p, e.p.w
	if p.isDead() {
		return p.gone()
	}
	lots := w.lots("send", p.name, e.d.name)
	kind := w.plan.struck(farTroubles, e.d.name, p.place, lots)
	w.note("%s sends to %s: %s: %s", p.name, e.d.name, describe(alerts), kind)
	if kind != "" {
		w.judge.disturb(e.d.name, 0)
	}
	w.duty.sends(e, alerts)
	defer w.judge.disturbIf(kind != "", e.d.name)
	f := &farEnd{p: p, d: e.d}
	return f.deliver(ctx, f.answer(kind, alerts, lots), lots, len(alerts), func(i int) {
		w.duty.hears(e, &alerts[i])
	}, func(err error) error {
		if err != nil {
			w.note("%s answers %s: %v", e.d.name, p.name, err)
			w.judge.disturb(e.d.name, min(alert.RetryAfter(err), honoured))
		}
		return err
	})
}

// sends looks at a message that is to be sent.
func (d *duty) sends(e *stepEnd, alerts []alert.Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range alerts {
		p := d.problems[alerts[i].Name]
		switch now := d.w.now(); {
		case p == nil:
			d.w.fail("%s got %s, which nobody sent", e.d.name, alerts[i].Name)
		case e.step == 0:
			p.tokens = append(p.tokens, alerts[i].URL)
		case p.acked > 0 && now > p.acked+ackMargin:
			d.w.fail("%s is told of %s, which was taken at %v", e.d.name, p.name, p.acked)
		case p.over > 0 && now > max(p.over, d.w.judge.disturbedAt())+d.bound():
			d.w.fail("%s is told of %s, which was over at %v", e.d.name, p.name, p.over)
		}
	}
}

// hears notes that an alert has arrived.
func (d *duty) hears(e *stepEnd, a *alert.Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.problems[a.Name]
	if p == nil {
		return
	}
	if e.step == 0 && a.Status == alert.Firing {
		p.links = append(p.links, a.URL)
	}
	if p.heard[e.step]++; e.step > 0 && p.heard[e.step] > 1 {
		d.w.fail("%s rings twice about %s", e.d.name, p.name)
	}
}

// call has problems, each with a fate.
func (d *duty) call(caller int) {
	w := d.w
	rng := rand.New(rand.NewPCG(w.seed, uint64(caller)+1)) //nolint:gosec // a test that can be repeated
	var waits sync.WaitGroup
	<-time.After(time.Duration(rng.Int64N(int64(time.Second))))
	for n := 0; w.now() < w.plan.length && !w.Failed(); n++ {
		p := &problem{name: fmt.Sprintf("c%d-%d", caller, n), fate: rng.IntN(3), heard: make([]int, len(d.steps)), dead: make([]bool, len(d.steps))}
		d.many.Add(1)
		d.mu.Lock()
		d.problems[p.name], d.order = p, append(d.order, p)
		d.mu.Unlock()
		own := rand.New(rand.NewPCG(rng.Uint64(), 0)) //nolint:gosec // likewise
		waits.Go(func() { d.live(p, own) })
		<-time.After(time.Duration(rng.Int64N(int64(40 * time.Second))))
	}
	waits.Wait()
}

// live is the life of a problem.
func (d *duty) live(p *problem, rng *rand.Rand) {
	w := d.w
	a := alert.Alert{Source: "sim", ID: p.name, Name: p.name, Key: p.name, Severity: alert.Major}
	if !d.insist(rng, "accepts "+p.name, func(ctx context.Context, by *process) error { return by.send(ctx, a) }) {
		return
	}
	d.set(&p.accepted)
	<-time.After(time.Duration(rng.Int64N(int64(2*d.after[2] + time.Minute))))
	switch p.fate {
	case somebodyTakes:
		done := d.insist(rng, "takes "+p.name, func(ctx context.Context, by *process) error {
			return d.take(ctx, by, p)
		})
		if done {
			d.set(&p.acked)
			w.note("%s is taken", p.name)
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		p.fate = nobodyCares
	case itEnds:
		a.ID, a.Status = p.name+" end", alert.Resolved
		if d.insist(rng, "accepts the end of "+p.name, func(ctx context.Context, by *process) error { return by.send(ctx, a) }) {
			d.set(&p.over)
			w.note("%s is over", p.name)
		}
	}
}

// take takes a problem by the last message about it, and all others that this was
// about.
func (d *duty) take(ctx context.Context, by *process, p *problem) error {
	d.mu.Lock()
	token := ""
	if n := len(p.links); n > 0 {
		token = p.links[d.w.lots("link", p.name).IntN(n)]
	}
	for _, other := range d.order {
		other.perhaps = other.perhaps || slices.Contains(other.tokens, token)
	}
	d.mu.Unlock()
	if token == "" {
		if at := d.w.store.scan()[place{d.steps[0].name, p.name}]; at.Stage == jobstore.StageDead {
			return errRefused
		}
		return errors.New("sim: nobody has heard of it yet")
	}
	return by.await(func() error {
		_, err := by.duty.Acknowledge(ctx, token, "me")
		return err
	})
}

func (d *duty) set(at *time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*at = d.w.now()
}

// insist repeats what a process must be able to do before long.
func (d *duty) insist(rng *rand.Rand, what string, do func(context.Context, *process) error) bool {
	began := d.w.now()
	for !d.w.Failed() {
		if p := d.w.any(rng); p != nil {
			ctx, cancel := context.WithTimeout(d.w.Context(), 20*time.Second)
			err := do(ctx, p)
			cancel()
			switch {
			case err == nil:
				return true
			case errors.Is(err, errRefused):
				return false
			}
			if late := d.w.now() - max(began, d.w.judge.disturbedAt()) - d.bound(); late > 0 {
				d.w.fail("nobody %s: %v", what, err)
			}
		}
		<-time.After(time.Duration(1 + rng.Int64N(int64(3*time.Second))))
	}
	return false
}

// bound is how long a step may take where nothing is wrong.
func (d *duty) bound() time.Duration {
	most, messages := 4*d.w.lease+8*d.w.poll+time.Minute, time.Duration(d.many.Load())
	for _, s := range d.steps {
		message := 3 * time.Second
		if s.opts.Budget.Messages > 0 {
			message += s.opts.Budget.Per * 3 / 2 / time.Duration(s.opts.Budget.Messages)
		}
		most += 2*s.opts.Timeout + 2*s.opts.MaxBackoff + messages*message
	}
	return most
}

// look judges what has become of each problem, and returns how many are on their way.
func (d *duty) look() (left int) {
	found, states := d.w.store.scan(), d.states()
	disturbed := d.w.judge.disturbedAt()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.order {
		if p.settled || p.accepted == 0 {
			continue
		}
		missing := ""
		for i, s := range d.steps {
			at, there := found[place{s.name, p.name}]
			p.dead[i] = p.dead[i] || there && at.Stage == jobstore.StageDead
			if p.heard[i] == 0 && !p.dead[i] && (i == 0 || p.fate == nobodyCares && !p.perhaps) {
				missing = s.name + " has not heard of it"
			}
			if n := d.jobs(p, s); i > 0 && n > 1 {
				d.w.fail("step %s of %s was taken %d times", s.name, p.name, n)
			}
		}
		want := [...]escalate.State{escalate.Exhausted, escalate.Acknowledged, escalate.Ended}[p.fate]
		is := states[p.name]
		if is == escalate.Acknowledged && p.perhaps && p.fate == nobodyCares {
			is = want
		}
		if missing == "" && is != want {
			missing = fmt.Sprintf("it is %q, want %q", is, want)
		}
		if missing == "" {
			p.settled = true
			continue
		}
		left++
		last := max(p.accepted+d.after[2]+d.patience, p.acked, p.over, disturbed+d.after[2]+d.patience)
		if (p.fate == nobodyCares || p.acked > 0 || p.over > 0) && d.w.now() > last+d.bound() {
			d.w.fail("%s: %s", p.name, missing)
		}
	}
	return left
}

// jobs returns how many jobs a problem has had at a step.
func (d *duty) jobs(p *problem, s *destination) (n int) {
	for route, jobs := range d.taken[jobstore.HashOf("sim", p.name)] {
		if d.w.store.routeName(route) == s.name {
			n += jobs
		}
	}
	return n
}

// states returns how the problems stand.
func (d *duty) states() map[string]escalate.State {
	box, err := outbox.Open(outbox.StoreOf(d.w.store.real), nil)
	require.NoError(d.w, err)
	e, err := escalate.New(box, "duty", []escalate.Step{{Name: "none", Sender: alert.Fanout()}}, nil)
	require.NoError(d.w, err)
	states := make(map[string]escalate.State)
	for after := int64(0); ; {
		list, err := e.Incidents(d.w.Context(), after, 500)
		require.NoError(d.w, err)
		for i := range list {
			states[list[i].Alert.Name], after = list[i].State, list[i].Number
		}
		if len(list) < 500 {
			return states
		}
	}
}
