package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A farEnd is a destination as a process reaches it.
type farEnd struct {
	p *process
	d *destination
}

// A mood is an error of a far end.
type mood struct {
	text          string
	again, unsure bool
	after         time.Duration
}

func (m mood) Error() string             { return "sim: " + m.text }
func (m mood) Retryable() bool           { return m.again }
func (m mood) RetryAfter() time.Duration { return m.after }
func (m mood) Is(target error) bool      { return target == alert.ErrUncertain && m.unsure }

var errOdd = errors.New("sim: an error that says nothing")

// An answer is how a far end takes a message.
type answer struct {
	took  time.Duration
	heard bool // as far as it is not refused
	hangs bool // until the context ends
	deaf  bool // the context is not looked at
	panic bool
	kills bool // the process
	err   error
	each  []error // instead of err
}

// Send is an attempt.
func (f *farEnd) Send(ctx context.Context, alerts ...alert.Alert) error {
	p, w := f.p, f.p.w
	if p.isDead() {
		return p.gone()
	}
	lots := w.lots("send", p.name, f.d.name)
	kind := poisonOf(alerts)
	if kind == "" {
		kind = w.plan.struck(farTroubles, f.d.name, p.place, lots)
	}
	s := w.judge.sends(f, ctx, alerts, kind)
	defer w.judge.sent(s)
	return f.deliver(ctx, f.answer(kind, alerts, lots), lots, len(alerts),
		func(i int) { w.judge.heard(s, alerts[i].Name) },
		func(err error) error { return w.judge.answered(s, err) })
}

// deliver lets n alerts be heard, or not, and answers.
func (f *farEnd) deliver(ctx context.Context, a answer, lots *rand.Rand, n int, heard func(int), answered func(error) error) error {
	listens, p := ctx, f.p
	if a.deaf {
		listens = context.WithoutCancel(ctx)
	}
	if a.hangs {
		a.took = time.Hour
	}
	until := time.Duration(lots.Int64N(int64(a.took)))
	if err := p.sleep(listens, until); err != nil {
		return err
	}
	for i := range n {
		if a.heard && at(a.each, i) == nil {
			heard(i)
		}
	}
	if a.kills {
		p.kill("by a poisonous alert")
	}
	if err := p.sleep(listens, a.took-until); err != nil {
		if a.heard {
			err = fmt.Errorf("%w: %w", alert.ErrUncertain, err)
		}
		return answered(err)
	}
	if a.panic {
		_ = answered(mood{unsure: true, again: true})
		panic("sim: in the sender")
	}
	if a.each != nil {
		return answered(alert.Partial(a.each))
	}
	return answered(a.err)
}

// at returns an error of a list that may be empty.
func at(errs []error, i int) error {
	if i < len(errs) {
		return errs[i]
	}
	return nil
}

// poisonOf returns the kind of the first poisonous alert.
func poisonOf(alerts []alert.Alert) string {
	for i := range alerts {
		if alerts[i].Summary != "" {
			return alerts[i].Summary
		}
	}
	return ""
}

// answer decides how the far end takes a message.
func (f *farEnd) answer(kind string, alerts []alert.Alert, lots *rand.Rand) answer {
	a := answer{took: time.Duration(1 + lots.Int64N(int64(2*time.Second)))}
	switch kind {
	case "":
		a.heard = true
	case farDown, poisonAgain:
		a.err = mood{text: "down", again: true}
	case farUnknown, poisonUnknown:
		a.err = errOdd
	case farBusy:
		a.err = mood{text: "busy", again: true, after: time.Duration(5+lots.IntN(60)) * time.Second}
	case farAbsurd:
		a.err = mood{text: "busy", again: true, after: 365 * 24 * time.Hour}
	case farRefuses, poisonRefused:
		a.err = mood{text: "refused"}
	case farHangs, poisonHang:
		a.hangs = true
	case farDeaf:
		a.took, a.deaf, a.heard = time.Duration(lots.Int64N(int64(3*f.p.w.lease)))+time.Second, true, true
	case farPanics, poisonPanic:
		a.panic, a.heard = true, kind == farPanics && lots.IntN(2) == 0
	case farLate:
		a.took, a.heard = f.d.opts.Timeout-time.Millisecond, true
	case farUncertain:
		a.heard, a.err = lots.IntN(2) == 0, mood{text: "no answer", again: true, unsure: true}
	case poisonUncertain:
		a.err = mood{text: "no answer", again: true, unsure: true}
	case poisonUncertainFinal:
		a.err = mood{text: "no answer", unsure: true}
	case poisonCrash:
		a.kills = true
	case farMoody, poisonPartial:
		a.heard, a.each = true, make([]error, len(alerts))
		for i := range alerts {
			a.each[i] = moodAbout(kind, &alerts[i], lots)
		}
	}
	return a
}

// moodAbout decides about one alert.
func moodAbout(kind string, a *alert.Alert, lots *rand.Rand) error {
	switch n := lots.IntN(6); {
	case a.Summary == poisonPartial:
		return mood{text: "refused"}
	case kind == poisonPartial:
		return nil
	case n == 0:
		return mood{text: "not now", again: true}
	case n == 1:
		return mood{text: "refused"}
	case n == 2:
		return mood{text: "no answer", again: true, unsure: true}
	}
	return nil
}

// call sends alerts as a caller does that has problems of its own: those of one
// problem follow one another.
func (w *world) call(caller int) {
	rng := rand.New(rand.NewPCG(w.seed, uint64(caller)+1)) //nolint:gosec // a test that can be repeated
	<-time.After(time.Duration(rng.Int64N(int64(time.Second))))
	for n := 0; w.now() < w.plan.length && !w.Failed(); n++ {
		alerts := make([]alert.Alert, 1)
		if w.plan.storms && rng.IntN(20) == 0 {
			alerts = make([]alert.Alert, 1+rng.IntN(40))
		}
		for i := range alerts {
			id := fmt.Sprintf("c%d-%d-%d", caller, n, i)
			alerts[i] = alert.Alert{
				Source: "sim", ID: id, Name: id, Key: fmt.Sprintf("c%d-%d", caller, rng.IntN(6)),
				Status: alert.Status(rng.IntN(2)), Severity: alert.Severity(rng.IntN(int(alert.Critical) + 1)),
			}
			if n < w.plan.poisoned && rng.IntN(20) == 0 {
				alerts[i].Summary = w.plan.poison
			}
		}
		w.insist(rng, alerts)
		<-time.After(time.Duration(rng.Int64N(int64(8 * time.Second))))
	}
}

// insist sends alerts until they are accepted.
func (w *world) insist(rng *rand.Rand, alerts []alert.Alert) {
	began := w.now()
	for !w.Failed() {
		if p := w.any(rng); p != nil {
			ctx, cancel := w.Context(), func() {}
			if rng.IntN(2) == 0 {
				ctx, cancel = context.WithTimeout(ctx, 20*time.Second)
			}
			w.judge.offers(alerts, began)
			asked := w.now()
			slow := time.AfterFunc(sendPatience, func() { w.fail("a Send at %s has not returned after %v", p.name, sendPatience) })
			err := p.send(ctx, alerts...)
			slow.Stop()
			cancel()
			if err == nil {
				w.judge.accepted(alerts, asked)
				return
			}
			w.note("%s does not accept %s: %v", p.name, alerts[0].Name, err)
		}
		<-time.After(time.Duration(1 + rng.Int64N(int64(3*time.Second))))
	}
}
