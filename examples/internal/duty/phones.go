package duty

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/speech"
)

const (
	silence  = time.Minute // in which a phone polls several times
	lookback = 1000        // calls, of which one may be about the same alerts
	perCall  = 50          // alerts in a call, whose key names them all
	spoken   = 400         // runes of what a call is about
)

// A dialler has the AutoCall phones ring people.
type dialler struct {
	queue  autocall.Queue
	onDuty func(time.Time) []autocall.Person
	rounds int
	locale alert.Locale

	// counts says that who picks up takes the problem, since there is no link. Else
	// whoever is next is rung when it is not taken so long after somebody picked up.
	counts bool
	within time.Duration
}

// step returns the step of an escalation.
func (d *dialler) step(ringer *alert.Ringer) escalate.Step {
	return escalate.Step{
		Name: "autocall", Sender: ringer.Wrap(alert.SenderFunc(d.send)), Watch: d.watch, Stop: d.stop,
		Route: outbox.RouteOptions{Batch: perCall},
	}
}

// send queues one call for alerts, but for those that a call was queued for already:
// the program may have died before it could note that, and the call may be over.
func (d *dialler) send(ctx context.Context, alerts ...alert.Alert) error {
	calls, err := d.queue.List(ctx, false, lookback)
	if err != nil {
		return err
	}
	var fresh []alert.Alert
	for i := range alerts {
		id := callOf(calls, digest(&alerts[i]))
		if id == "" {
			fresh = append(fresh, alerts[i])
		} else if err := escalate.TrackReference(ctx, id); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := d.polled(ctx); err != nil {
		return err
	}
	worst := slices.MaxFunc(fresh, func(a, b alert.Alert) int { return cmp.Compare(a.Severity, b.Severity) })
	id, err := d.enqueue(ctx, calls, autocall.Call{
		Key: keyOf(fresh), People: d.onDuty(time.Now()), Severity: worst.Severity,
		Message: speech.Voice{Locale: d.locale}.Message(fresh, spoken),
	})
	if err != nil {
		return err
	}
	return escalate.TrackReference(ctx, id)
}

// polled reports that no phone polls. One that is on a call does not, for a while.
func (d *dialler) polled(ctx context.Context) error {
	phones, err := d.queue.Phones(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range phones {
		if p.Call != "" && !p.Silent || time.Since(p.Seen) < silence {
			return nil
		}
		last := "never"
		if !p.Seen.IsZero() {
			last = p.Seen.UTC().Format(time.DateTime + " MST")
		}
		names = append(names, fmt.Sprintf("%s last polled: %s", p.Name, last))
	}
	return fmt.Errorf("no AutoCall phone polls: %s", cmp.Or(strings.Join(names, "; "), "none is known"))
}

// enqueue queues a call unless there is one with its key, also one that has ended.
func (d *dialler) enqueue(ctx context.Context, calls []autocall.Status, c autocall.Call) (id string, err error) {
	for i := range calls {
		if calls[i].Call.Key == c.Key {
			return calls[i].ID, nil
		}
	}
	c.Rounds = d.rounds
	if id, _, err = d.queue.Enqueue(ctx, c); err != nil && alert.Retryable(err) {
		err = errors.New(err.Error()) // and not uncertain: the next attempt finds the call
	}
	return id, err
}

// The key of a call is that of the alerts it is about, whose IDs differ each time that
// the step is taken. Behind it stands which person picked up before it was made.
const (
	keyPrefix = "step/"
	follow    = "+"
)

func keyOf(alerts []alert.Alert) string {
	var all []string
	for i := range alerts {
		all = append(all, digest(&alerts[i]))
	}
	return keyPrefix + strings.Join(all, ".")
}

// digest stands for an alert in a key.
func digest(a *alert.Alert) string {
	sum := sha256.Sum256([]byte(a.Source + "\x00" + a.ID))
	return hex.EncodeToString(sum[:8])
}

// callOf returns the call whose key names an alert, or nothing.
func callOf(calls []autocall.Status, digest string) string {
	for i := range calls {
		rest, ours := strings.CutPrefix(calls[i].Call.Key, keyPrefix)
		if ours && !strings.Contains(rest, follow) && slices.Contains(strings.Split(rest, "."), digest) {
			return calls[i].ID
		}
	}
	return ""
}

// watch reports the outcome of a call. When somebody has picked up, which a mailbox does
// too, and nobody takes the problem, it has the next person rung.
func (d *dialler) watch(ctx context.Context, id string) (a escalate.Answer, err error) {
	w := wordsOf(d.locale)
	for {
		s, err := d.queue.Get(ctx, id)
		switch {
		case errors.Is(err, autocall.ErrUnknownCall):
			return escalate.Answer{Over: true}, nil
		case err != nil:
			return a, err
		case s.State.Open():
			if silent := d.polled(ctx); silent != nil {
				a.Failed = silent.Error()
			}
			return a, nil
		case s.State != autocall.Answered || s.By == nil:
			if a.Over = true; a.News != "" {
				a.Failed = w.nobodyElse
			}
			return a, nil
		case d.counts:
			return escalate.Answer{By: fmt.Sprintf(w.byPickingUp, s.By), Over: true}, nil
		}
		a.News = fmt.Sprintf(w.pickedUp, s.By)
		if time.Since(s.Finished) < d.within {
			return a, nil
		}
		rest := behind(s.Call.People, *s.By)
		if len(rest) == 0 {
			a.Over, a.Failed = true, w.nobodyElse
			return a, nil
		}
		if id, err = d.next(ctx, s.Call, rest); err != nil {
			return a, err
		}
	}
}

// next has the people rung that come behind who picked up.
func (d *dialler) next(ctx context.Context, c autocall.Call, rest []autocall.Person) (id string, err error) {
	calls, err := d.queue.List(ctx, false, lookback)
	if err != nil {
		return "", err
	}
	c.Key, c.People = c.Key+follow, rest
	return d.enqueue(ctx, calls, c)
}

func behind(people []autocall.Person, who autocall.Person) []autocall.Person {
	at := slices.IndexFunc(people, func(p autocall.Person) bool { return p.Number == who.Number })
	return people[at+1:]
}

// stop ends a call, and those that followed it.
func (d *dialler) stop(ctx context.Context, id string) error {
	s, err := d.queue.Get(ctx, id)
	if errors.Is(err, autocall.ErrUnknownCall) {
		return nil
	}
	if err != nil {
		return err
	}
	open, err := d.queue.List(ctx, true, lookback)
	for i := range open {
		if key, _, _ := strings.Cut(open[i].Call.Key, follow); key == s.Call.Key {
			if _, failed := d.queue.Cancel(ctx, open[i].ID, "taken or over"); failed != nil && !errors.Is(failed, autocall.ErrUnknownCall) {
				err = failed
			}
		}
	}
	return err
}
