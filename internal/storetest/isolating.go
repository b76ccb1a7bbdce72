package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A poisoned is a far end that cannot stand some alerts.
type poisoned struct {
	how func(context.Context) error

	mu       sync.Mutex
	calls    [][]string
	accepted []string
	cured    bool
}

func isPoison(name string) bool { return strings.HasPrefix(name, "poison") }

func (p *poisoned) Send(ctx context.Context, alerts ...alert.Alert) error {
	if p.fails(names(alerts)) {
		return p.how(ctx)
	}
	return nil
}

func (p *poisoned) fails(of []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, of)
	if !p.cured && slices.ContainsFunc(of, isPoison) {
		return true
	}
	p.accepted = append(p.accepted, of...)
	return false
}

// told returns what was accepted, and in how many messages all in all.
func (p *poisoned) told() (accepted []string, messages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.accepted), len(p.calls)
}

func (p *poisoned) cure() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cured = true
}

// poisons are the ways in which a message fails because of one alert.
func poisons() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"panic":     func(context.Context) error { panic("of one alert") },
		"timeout":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"unknown":   func(context.Context) error { return errors.New("nobody knows this error") },
		"retryable": func(context.Context) error { return fault{again: true} },
		"uncertain": func(context.Context) error { return fault{again: true, unsure: true} },
		"refused":   func(context.Context) error { return fault{} },
	}
}

// withPoison returns alerts of which those at some places are poison.
func withPoison(prefix string, n int, at ...int) (alerts []alert.Alert, neighbours []string) {
	all := numbered(n)
	for i := range all {
		all[i] = prefix + all[i]
		if slices.Contains(at, i) {
			all[i] = "poison " + all[i]
		} else {
			neighbours = append(neighbours, all[i])
		}
	}
	return some(all...), neighbours
}

// One alert because of which messages fail keeps none of its neighbours waiting,
// however they fail and wherever it stands, and few messages find it.
func checkIsolation(x *harness) {
	for how, fails := range poisons() {
		for _, tt := range []struct {
			n  int
			at []int
		}{{1, []int{0}}, {2, []int{1}}, {3, []int{0}}, {10, []int{4}}, {10, []int{0, 9}}, {100, []int{99}}, {100, []int{0, 1, 50}}} {
			what := fmt.Sprintf("%s, %d of %d", how, tt.at, tt.n)
			far := &poisoned{how: fails}
			o := quick()
			o.Timeout = 5 * poll
			b := x.open(x.store, outbox.Options{})
			x.must(b.Route(what, far, o))
			alerts, neighbours := withPoison(what+" ", tt.n, tt.at...)
			x.must(b.Send(x.ctx, alerts...))
			stop := x.run(b)
			messages := 0
			x.until(what, func() bool {
				var accepted []string
				accepted, messages = far.told()
				return len(accepted) == len(neighbours)
			})
			stop()
			if most := 6 + 3*len(tt.at)*bits.Len(uint(tt.n)); messages > most {
				x.Errorf("%s: %d messages, want at most %d: %q", what, messages, most, far.calls)
			}
			accepted, _ := far.told()
			slices.Sort(accepted)
			slices.Sort(neighbours)
			x.equal(what, accepted, neighbours)
		}
	}
}

// A poisonous alert keeps its Key waiting, as any that fails does, and nothing else;
// the order of the Key is kept when it passes in the end.
func checkPoisonInKey(x *harness) {
	far := &poisoned{how: func(context.Context) error { return errors.New("nobody knows this error") }}
	b := x.box(far, quick())
	alerts := append(about("disk", "before", "poison", "after", "last"), some("other")...)
	alerts[3].Severity = alert.Critical // which is held by those before it
	x.must(b.Send(x.ctx, alerts...))
	x.run(b)
	x.until("the others", func() bool {
		accepted, _ := far.told()
		return len(accepted) == 2
	})
	x.someTime()
	accepted, _ := far.told()
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"before", "other"})
	far.cure()
	x.settles(b)
	accepted, _ = far.told()
	x.equal("the Key", slices.DeleteFunc(accepted, func(n string) bool { return n == "other" }), []string{"before", "poison", "after", "last"})
}

// On a route that must not send twice, alerts whose message failed before anything
// left are told apart, and one whose outcome is unknown ends with its neighbours.
func checkPoisonNeverTwice(x *harness) {
	for _, unsure := range []bool{false, true} {
		far := &poisoned{how: func(context.Context) error { return fault{again: true, unsure: unsure} }}
		o := quick()
		o.NeverTwice = true
		b := x.open(x.store, outbox.Options{})
		name := fmt.Sprint("unsure ", unsure)
		x.must(b.Route(name, far, o))
		alerts, neighbours := withPoison(name+" ", 5, 2)
		x.must(b.Send(x.ctx, alerts...))
		stop := x.run(b)
		var dead []outbox.QueuedAlert
		x.until(name, func() bool {
			var err error
			dead, err = b.Dead(x.ctx, name, 0, 10)
			x.must(err)
			accepted, _ := far.told()
			return len(accepted)+len(dead) >= len(neighbours)
		})
		stop()
		if want := map[bool]int{true: 5}[unsure]; len(dead) != want {
			x.Fatalf("%s: %d dead letters, want %d", name, len(dead), want)
		}
	}
}

// An alert from whose message no process comes back goes alone after the second
// time, and ends after the third. Its neighbours arrive.
func checkCrashed(x *harness) {
	leave, arrived := make(chan struct{}), make(chan []string, 1)
	defer close(leave)
	far := &poisoned{}
	deadly := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if slices.ContainsFunc(names(alerts), isPoison) {
			arrived <- names(alerts)
			<-leave // nobody hears of it any more
			return errors.New("too late")
		}
		return far.Send(ctx, alerts...)
	})
	var messages []string
	for n := range 4 {
		b := x.boxOver(x.other(), deadly, nil)
		if n == 0 {
			x.must(b.Send(x.ctx, some("a", "b", "c", "poison", "d", "e", "f", "g")...))
		}
		ctx, cancel := context.WithCancel(x.ctx)
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		if n < 3 {
			messages = append(messages, fmt.Sprint(<-arrived))
		} else {
			x.settles(b)
			dead := x.dead(b, outbox.Crashed, "poison")
			if dead[0].Attempts != 3 || !strings.Contains(dead[0].Error, "died") {
				x.Fatalf("dead letter %+v", dead[0])
			}
		}
		x.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				x.Errorf("Run: %v", err)
			}
		})
		x.backend.Advance(lease + time.Second)
	}
	x.equal("messages that killed", messages, []string{"[a b c poison d e f g]", "[a b c poison]", "[poison]"})
	accepted, _ := far.told()
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"a", "b", "c", "d", "e", "f", "g"})
}
