package alerttest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// checks returns one check a duty.
func checks() []check {
	return []check{
		{"no alerts", "", checkNoAlerts},
		{"one alert", "", checkOneAlert},
		{"counts add up", "Delivered", checkCounts},
		{"one message of many alerts", "OneMessage Messages", checkOneMessage},
		{"concurrent use", "", checkConcurrent},
		{"alerts left as they were", "", checkUntouched},
		{"no reference kept", "Saw", checkNoReference},
		{"context ended before", "", checkContextEnded},
		{"context ends while waiting", "Hang", checkContextEnds},
		{"refused for good", "Refuse", checkRefuse},
		{"refused for now", "Busy", checkBusy},
		{"outcome unknown", "Break", checkBreak},
		{"far end unreachable", "Unreachable", checkUnreachable},
		{"one attempt under Once", "Busy Messages", checkOnce},
		{"never twice", "NeverTwice Break Messages", checkNeverTwice},
		{"secrets", "Secrets", checkSecrets},
		{"hostile alerts", "", checkHostile},
		{"invalid alerts", "", checkInvalid},
	}
}

func checkNoAlerts(ctx context.Context, p *probe) {
	p.mustAccept(ctx, "no alerts")
	p.messages("no alerts", 0)
	p.delivered("no alerts", 0)
}

func checkOneAlert(ctx context.Context, p *probe) {
	a := p.sample(1)[0]
	p.mustAccept(ctx, "one alert", a)
	p.delivered("one alert", 1)
	if p.h.Saw != nil && !p.h.Saw(a.Name) {
		p.failf("one alert: its Name did not reach the far end")
	}
}

func checkCounts(ctx context.Context, p *probe) {
	batch := p.h.Batch
	if batch == 0 {
		batch = 5000
	}
	sum := 0
	for _, n := range []int{1, 2, 3, 10, 37, batch} {
		n = min(n, batch)
		sum += n
		p.mustAccept(ctx, "several alerts", p.sample(n)...)
		p.delivered("several alerts", sum)
	}
}

func checkOneMessage(ctx context.Context, p *probe) {
	n := 50
	if p.h.Batch > 0 {
		n = min(n, p.h.Batch)
	}
	p.mustAccept(ctx, "many alerts", p.sample(n)...)
	p.messages("many alerts", 1)
}

func checkConcurrent(ctx context.Context, p *probe) {
	const callers, calls, each = 8, 4, 2
	labels := map[string]string{"shared": "by all callers, which they may"}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				alerts := p.sample(each)
				for i := range alerts {
					alerts[i].Labels = labels
				}
				p.mustAccept(ctx, "concurrent use", alerts...)
			}
		})
	}
	wg.Wait()
	p.delivered("concurrent use", callers*calls*each)
}

func checkUntouched(ctx context.Context, p *probe) {
	all := p.sample(6)
	given := all[:5] // the sixth lies in the spare capacity
	before := cloneAll(all)
	p.mustAccept(ctx, "alerts left as they were", given...)
	for i := range before {
		if !reflect.DeepEqual(before[i], all[i]) {
			p.failf("alerts left as they were: the alert at index %d of %d was changed", i, len(given))
		}
	}
	scribble(all) // a reader that is still at work is found by the race detector
	p.mustAccept(ctx, "alerts left as they were", p.sample(1)...)
}

func checkNoReference(ctx context.Context, p *probe) {
	first := p.sample(1)
	name := first[0].Name
	p.mustAccept(ctx, "no reference kept", first...)
	scribble(first)
	second := p.sample(1)
	second[0].Name = "Another1"
	p.mustAccept(ctx, "no reference kept", second...)
	if !p.h.Saw(name) {
		p.failf("no reference kept: the first alert did not reach the far end as it was given")
	}
	if p.h.Saw(scribbled) {
		p.failf("no reference kept: text written after Send had returned reached the far end")
	}
}

func checkContextEnded(ctx context.Context, p *probe) {
	cancelled, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("the cause of the caller"))
	expired, cancelExpired := context.WithDeadlineCause(ctx, time.Unix(0, 0), errors.New("the cause of the caller"))
	defer cancelExpired()
	for _, ended := range []context.Context{cancelled, expired} {
		what := "context ended before: " + ended.Err().Error()
		err := p.mustFail(ended, what, p.sample(2)...)
		if err == nil {
			continue
		}
		p.expect(what, "errors.Is(err, ctx.Err())", errors.Is(err, ended.Err()), true, err)
		p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), false, err)
		p.everyAlert(what, err, 2)
		p.messages(what, 0)
	}
}

// everyAlert reports an error that does not count against each of n alerts.
func (p *probe) everyAlert(what string, err error, n int) {
	for i := range n {
		if alert.ErrorAt(err, i, n) == nil {
			p.failf("%s: ErrorAt says that the alert at index %d was accepted", what, i)
		}
	}
}

func checkContextEnds(ctx context.Context, p *probe) {
	const what = "context ends while waiting"
	arrived := p.h.Hang()
	ctx, cancel := context.WithCancelCause(alert.Once(ctx))
	defer cancel(nil)
	result := make(chan error, 1)
	go func() { result <- p.mustFail(ctx, what, p.sample(1)...) }()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	select {
	case <-arrived:
	case <-result: //nolint:errcheck // mustFail has examined it
		p.failf("%s: Send returned though the far end had not answered", what)
		return
	case <-watchdog.C:
		p.failf("%s: nothing reached the far end in %v", what, patience)
		return
	}
	cancel(errors.New("the cause of the caller"))
	watchdog.Reset(patience)
	select {
	case err := <-result:
		if err == nil {
			return
		}
		p.expect(what, "errors.Is(err, ctx.Err())", errors.Is(err, ctx.Err()), true, err)
		p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), true, err)
	case <-watchdog.C:
		p.failf("%s: Send did not return within %v of the end of its context", what, patience)
	}
}

func checkRefuse(ctx context.Context, p *probe) {
	const what, n = "refused for good", 3
	p.h.Refuse()
	err := p.mustFail(ctx, what, p.sample(n)...)
	if err == nil {
		return
	}
	p.expect(what, "Retryable", alert.Retryable(err), false, err)
	p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), false, err)
	p.everyAlert(what, err, n)
	p.delivered(what, 0)
}

func checkBusy(ctx context.Context, p *probe) {
	const what, n = "refused for now", 3
	p.h.Busy()
	err := p.mustFail(alert.Once(ctx), what, p.sample(n)...)
	if err == nil {
		return
	}
	p.expect(what, "Retryable", alert.Retryable(err), true, err)
	p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), false, err)
	p.everyAlert(what, err, n)
	p.delivered(what, 0)
}

func checkBreak(ctx context.Context, p *probe) {
	const what = "outcome unknown"
	p.h.Break()
	err := p.mustFail(alert.Once(ctx), what, p.sample(1)...)
	if err == nil {
		return
	}
	p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), true, err)
	p.expect(what, "Retryable", alert.Retryable(err), !p.h.NeverTwice, err)
}

// checkUnreachable wants to know that nothing was sent: whoever takes that for
// an unknown outcome never repeats a telephone call that was not placed.
func checkUnreachable(ctx context.Context, p *probe) {
	const what, n = "far end unreachable", 2
	p.h.Unreachable()
	err := p.mustFail(alert.Once(ctx), what, p.sample(n)...)
	if err == nil {
		return
	}
	p.expect(what, "errors.Is(err, ErrUncertain)", errors.Is(err, alert.ErrUncertain), false, err)
	p.expect(what, "Retryable", alert.Retryable(err), true, err)
	p.everyAlert(what, err, n)
}

func checkOnce(ctx context.Context, p *probe) {
	p.h.Busy()
	_ = p.mustFail(alert.Once(ctx), "one attempt under Once", p.sample(1)...)
	p.messages("one attempt under Once", 1)
}

func checkNeverTwice(ctx context.Context, p *probe) {
	p.h.Break()
	_ = p.mustFail(ctx, "never twice", p.sample(1)...)
	p.messages("never twice", 1)
}

func checkSecrets(ctx context.Context, p *probe) {
	p.huntPrints("the Sender", p.h.Sender)
	p.huntPrints("a struct with the Sender", struct{ Sender alert.Sender }{p.h.Sender})
	p.mustAccept(ctx, "secrets", p.sample(2)...)
	p.huntPrints("the Sender after use", p.h.Sender)
}

func checkHostile(ctx context.Context, p *probe) {
	trials := hostile(" alone")
	for _, c := range trials {
		p.mustAccept(ctx, "hostile alerts: "+c.name, c.alert)
	}
	p.delivered("hostile alerts", len(trials))
	var together []alert.Alert
	for _, c := range hostile(" together") {
		together = append(together, c.alert)
	}
	p.mustAccept(ctx, "hostile alerts together", together...)
	p.delivered("hostile alerts together", 2*len(trials))
}

func checkInvalid(ctx context.Context, p *probe) {
	for _, c := range invalid() {
		_, _ = p.send(ctx, c.alert)
	}
}
