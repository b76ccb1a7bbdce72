package escalate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// Defaults and limits of Options.
const (
	defaultForget   = 24 * time.Hour
	defaultPatience = 30 * time.Minute
	watchEvery      = 15 * time.Second
	intakeBatch     = 200
	maxSteps        = 20
)

// A Step is one stage of an [Escalation]: a group, a telephone, another one. It
// is a route of its own, named like "oncall/phone".
type Step struct {
	Name string

	// After is when the step is taken, from the moment at which the problem was
	// accepted. Steps without are taken at once, and hear everything: each alert
	// about the problem, its recovery, and who has taken it. The others hear once
	// that the problem is there: an alert with an ID and a Key of its own each time
	// that the step is taken, which stay when the outbox repeats the message, also after
	// a crash.
	After time.Duration

	// Sender tells. One that rings goes through an alert.Ringer, as those of pigeon, voice
	// and autocall do: what that holds back has not failed, and is part of the next call.
	Sender alert.Sender

	// Route are the options of the route. Give telephones NeverTwice. The Filter
	// is that of the escalation, and must be nil here.
	Route outbox.RouteOptions

	// Link, if not nil, returns the URL of the page, see [Escalation.Handler],
	// on which whoever has the token can take the problem. It becomes the URL of
	// the alerts in a message, in place of their own, which the page shows.
	Link func(token string) string

	// Watch, if not nil, asks the far end for the status of a message, by what the
	// Sender has told [TrackReference]. It is asked every 15 s until somebody has taken
	// the problem, the message is over, or it returns an error that is not
	// alert.Retryable; also after a restart. It has 10 s, is called concurrently, and
	// delays no step.
	Watch func(ctx context.Context, reference string) (Answer, error)

	// Stop, if not nil, calls a message off when all that it was about is taken
	// or over, and the message itself is not: a telephone need not ring on. It
	// is called again, like Watch, until it returns nil or an error that is not
	// alert.Retryable.
	Stop func(ctx context.Context, reference string) error
}

// An Answer is what the far end knows of a message.
type Answer struct {
	By   string // who has taken the problem; empty: nobody yet
	Over bool   // nobody will any more
	News string // what else happened, such as who picked up; a text is told once

	// Failed, if not empty, says why the message reaches nobody, or nobody who takes
	// the problem. The next step is taken at once.
	Failed string
}

// Options change what an Escalation does. Nil and the zero value mean
// the defaults.
type Options struct {
	// Filter chooses the alerts that are escalated, as outbox.RouteOptions.Filter does.
	// Default: all.
	Filter func(alert.Alert) bool

	// Forget is how long a problem that nobody reported as over counts as the
	// same one. An alert about it that comes later is a new problem, which begins
	// with the first step even if somebody had taken the old one. Default 24 h;
	// -1 for ever.
	Forget time.Duration

	// Patience is how long after its last step an escalation waits for somebody
	// to take the problem, before it tells that nobody did. Default 30 min.
	Patience time.Duration

	// Repeat, if not 0, is how often the last step is taken again when all are taken,
	// until somebody takes the problem. It is at least a minute.
	Repeat time.Duration

	// AcknowledgeFor, if not 0, is how long an acknowledgement lasts. A problem that
	// is not over by then begins with the first step again. It is at least a minute.
	AcknowledgeFor time.Duration

	// Quiet keeps the news from the steps that are taken at once: who has taken a
	// problem, that nobody has, and which steps failed. The log has these too.
	Quiet bool

	// Locale is the language of these news and of the page. Default: Chinese.
	Locale alert.Locale
}

// An Escalation tells more and more people of a problem until one of them takes
// it. It is made by [New], and safe for concurrent use.
//
// A firing alert opens an incident, the alerts with its Source and Key belong to
// it, and one that is Resolved ends it. An alert without a Key is an incident by
// itself, which only people end. While it is open and nobody has taken it, one
// step follows the other. The steps begin anew with an alert that is worse than all
// before if somebody had taken the incident, or if all steps were taken. NoData, News
// and tests neither open nor end one: the steps that are taken at once tell them, and
// no other.
//
// A step that fails is told to the steps that are taken at once, and if nobody was told
// the next one is taken without waiting. It fails if its Sender refuses for good, if a
// later step fails twice, if nothing is known after a minute, or by Answer.Failed.
//
// All of it is in the store: the steps go on after a restart, in any process
// that runs the same escalation, and a step is taken once. Steps that came due
// while no process ran follow each other at their distances, and not all at once.
type Escalation struct {
	name  string
	steps []*step
	opts  Options
	host  jobstore.Host // of the route at which the alerts come in

	checked time.Time // last, by runDue
	began   int64     // when this process first looked for what is due
}

// New adds an escalation to an outbox, with its routes: one by its name, at which
// the alerts come in, and one for each step. As with [outbox.Outbox.Route], the
// names are what the store knows it by. Steps stand in the order of their After. It
// may have 20 of them; to add one later does not change what earlier ones did. The
// outbox runs it.
func New(box *outbox.Outbox, name string, steps []Step, opts *Options) (*Escalation, error) {
	e := &Escalation{name: name}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Forget = cmp.Or(e.opts.Forget, defaultForget)
	e.opts.Patience = cmp.Or(e.opts.Patience, defaultPatience)
	for i := range steps {
		e.steps = append(e.steps, &step{Step: steps[i], e: e})
	}
	if err := e.check(); err != nil {
		return nil, &Error{Op: "new", Err: err, final: true}
	}
	if err := e.addRoutes(box); err != nil {
		return nil, &Error{Op: "new", Err: err, final: true}
	}
	return e, nil
}

// addRoutes adds all the routes or none.
func (e *Escalation) addRoutes(box *outbox.Outbox) error {
	for i, s := range e.steps {
		route := s.Route
		route.Filter = func(alert.Alert) bool { return false } // its alerts come from the intake
		if err := box.Route(e.name+"/"+s.Name, s, &route); err != nil {
			removeRoutes(e.steps[:i])
			return err
		}
	}
	err := box.Route(e.name, intake{e}, &outbox.RouteOptions{Filter: e.opts.Filter, Batch: intakeBatch, MaxAge: -1})
	if err != nil {
		removeRoutes(e.steps)
	}
	return err
}

func removeRoutes(steps []*step) {
	for _, s := range steps {
		s.host.Remove()
	}
}

// check says what is wrong with an escalation.
func (e *Escalation) check() error {
	if len(e.steps) == 0 || len(e.steps) > maxSteps {
		return fmt.Errorf("%q: %d steps, want 1 to %d", e.name, len(e.steps), maxSteps)
	}
	if e.opts.Forget < -1 || e.opts.Patience < 0 {
		return fmt.Errorf("%q: forget of %v, patience of %v", e.name, e.opts.Forget, e.opts.Patience)
	}
	for _, d := range [...]time.Duration{e.opts.Repeat, e.opts.AcknowledgeFor} {
		if d != 0 && d < time.Minute {
			return fmt.Errorf("%q: repeat of %v, acknowledgement for %v, want at least a minute", e.name, e.opts.Repeat, e.opts.AcknowledgeFor)
		}
	}
	before := time.Duration(0)
	for i := range e.steps {
		s := e.steps[i]
		switch {
		case s.Sender == nil:
			return fmt.Errorf("step %q: no sender", s.Name)
		case s.Name == "":
			return errors.New("a step without a name")
		case s.After < before:
			return fmt.Errorf("step %q: after %v, and the step before it after %v", s.Name, s.After, before)
		case s.Route.Filter != nil:
			return fmt.Errorf("step %q: a filter, which only the escalation has", s.Name)
		}
		before = s.After
	}
	return nil
}

// atOnce returns how many steps are taken at once.
func (e *Escalation) atOnce() int {
	n := 0
	for n < len(e.steps) && e.steps[n].After == 0 {
		n++
	}
	return n
}

// pause returns the time between the begin of a step and that of the one before.
func (e *Escalation) pause(next int) time.Duration {
	if next == 0 {
		return e.steps[0].After
	}
	return e.steps[next].After - e.steps[next-1].After
}
