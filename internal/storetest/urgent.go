package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// of sets the severity of alerts.
func of(s alert.Severity, alerts []alert.Alert) []alert.Alert {
	for i := range alerts {
		alerts[i].Severity = s
	}
	return alerts
}

// messages returns what each message told.
func messages(far *alerttest.Recorder) (all []string) {
	for _, call := range far.Calls() {
		all = append(all, fmt.Sprint(names(call)))
	}
	return all
}

// told sends a backlog in one message after the other.
func (x *harness) told(o *outbox.RouteOptions, backlog ...[]alert.Alert) []string {
	x.Helper()
	var far alerttest.Recorder
	b := x.box(&far, o)
	for _, alerts := range backlog {
		x.must(b.Send(x.ctx, alerts...))
	}
	stop := x.run(b)
	x.settles(b)
	stop()
	return messages(&far)
}

// In a storm the critical ones are told first, those that are over too.
func checkUrgent(x *harness) {
	over := of(alert.Critical, some("over"))
	over[0].Status = alert.Resolved
	x.equal("messages", x.told(&outbox.RouteOptions{Batch: 3},
		some("a", "b"), of(alert.Major, some("c")), of(alert.Critical, some("fire", "flood")),
		of(alert.Info, some("d")), over, some("e"), of(alert.Critical, some("late")),
	), []string{"[fire flood over]", "[late a b]", "[c d e]"})
}

// An alert of the same Key that came before is not overtaken, but goes along.
func checkUrgentInOrder(x *harness) {
	for _, tt := range []struct {
		prefix string
		opts   outbox.RouteOptions
		want   []string
	}{
		{"x", outbox.RouteOptions{Batch: 1}, []string{"[fire]", "[disk 1]", "[disk 2]", "[disk down]", "[a]", "[b]", "[disk 3]"}},
		{"y", outbox.RouteOptions{Batch: 2}, []string{"[fire disk 1]", "[disk 2 disk down]", "[a b]", "[disk 3]"}},
		{"z", outbox.RouteOptions{Batch: 9}, []string{"[fire disk 1 disk 2 disk down a b disk 3]"}},
		{"one per key", outbox.RouteOptions{OnePerKey: true}, []string{"[fire disk 1 a b]", "[disk 2]", "[disk down]", "[disk 3]"}},
	} {
		backlog := [][]alert.Alert{
			about("disk", "disk 1"), some("a"), about("disk", "disk 2"), of(alert.Critical, about("disk", "disk down")),
			some("b"), of(alert.Critical, some("fire")), about("disk", "disk 3"),
		}
		for i := range backlog {
			backlog[i][0].ID = tt.prefix + backlog[i][0].ID
		}
		x.equal(fmt.Sprintf("messages of up to %d", tt.opts.Batch), x.told(&tt.opts, backlog...), tt.want)
	}
}

// A long history of one Key holds up its own urgent alerts, not others.
func checkUrgentHistory(x *harness) {
	long := about("noisy", numbered(450)...)
	got := x.told(&outbox.RouteOptions{Batch: 3}, long,
		of(alert.Critical, about("noisy", "n1", "n2", "n3")), of(alert.Critical, some("fire", "flood")), some("calm"))
	x.equal("the first messages", got[:2], []string{"[fire flood 0000]", "[0001 0002 0003]"})
	x.equal("the last messages", got[len(got)-2:], []string{"[0448 0449 n1]", "[n2 n3 calm]"})
}

// An urgent one that waits to be tried again holds up its Key, and nothing else.
func checkUrgentAgain(x *harness) {
	var far alerttest.Recorder
	far.FailEach(fault{again: true, after: time.Hour}, nil)
	b := x.box(&far, nil)
	x.must(b.Send(x.ctx, append(of(alert.Critical, about("disk", "down")), some("a")...)...))
	x.run(b)
	x.failed(b)
	x.must(b.Send(x.ctx, append(about("disk", "later"), some("b")...)...))
	x.must(b.Send(x.ctx, of(alert.Critical, about("disk", "worse"))...))
	x.until("the others", func() bool { return len(far.Accepted()) == 2 })
	x.someTime()
	x.equal("delivered", names(far.Accepted()), []string{"a", "b"})
	x.backend.Advance(time.Hour + time.Minute)
	x.settles(b)
	x.equal("delivered", names(far.Accepted())[2:], []string{"down", "later", "worse"})
}

// A storm is a backlog of which nobody knows what it looks like.
type storm struct {
	alerts []alert.Alert
	heard  map[string]int // when each was heard last

	mu    sync.Mutex
	mood  func() bool // reports whether an alert fails
	clock int
	calls int

	largest int // message, in bytes of texts
}

// newStorm returns a storm of alerts about a few Keys, some without one.
func newStorm(r *rand.Rand, name string) *storm {
	s := &storm{heard: make(map[string]int)}
	keys, urgent := 1+r.IntN(8), r.IntN(10)
	for n := range 20 + r.IntN(40) {
		a := some(fmt.Sprint(name, "/", n))[0]
		if k := r.IntN(keys + 1); k > 0 {
			a.Key = fmt.Sprint(name, " key ", k)
		}
		if r.IntN(10) < urgent {
			a.Severity = alert.Critical
		}
		s.alerts = append(s.alerts, a)
	}
	return s
}

func (s *storm) Send(_ context.Context, alerts ...alert.Alert) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := make([]error, len(alerts))
	size := 0
	defer func() { s.calls, s.largest = s.calls+1, max(s.largest, size) }()
	for i := range alerts {
		size += len(alerts[i].Summary)
		s.clock++
		if s.mood() {
			errs[i] = fault{again: true}
			continue
		}
		s.heard[alerts[i].Name] = s.clock
	}
	return alert.Partial(errs)
}

// check looks at every two alerts: an earlier one of a Key was heard before, and
// an urgent one before those of other Keys that were not in the way of one.
func (s *storm) check(x *harness, name string, calm bool) {
	last := make(map[string]int) // the last urgent one of each Key
	for i, a := range s.alerts {
		if a.Severity == alert.Critical {
			last[a.Key] = i
		}
	}
	for i, a := range s.alerts {
		if s.heard[a.Name] == 0 {
			x.Errorf("%s: %d was not heard", name, i)
		}
		for k, b := range s.alerts {
			before := s.heard[a.Name] < s.heard[b.Name]
			if a.Key != "" && a.Key == b.Key {
				if i < k && !before {
					x.Errorf("%s: %d was heard after %d of its Key", name, i, k)
				}
				continue
			}
			at, inTheWay := last[b.Key]
			inTheWay = b.Key != "" && inTheWay && at > k
			if calm && !before && a.Severity == alert.Critical && b.Severity != alert.Critical && !inTheWay {
				x.Errorf("%s: %d is urgent and was heard after %d", name, i, k)
			}
		}
	}
}

// A message has four megabytes of alerts and one alert, or a few times that where
// urgent ones have to wait for others. No alert suffers by it.
func checkLarge(x *harness) {
	heavy := about("heavy", "1", "2", "3", "4", "5", "6")
	for i := range heavy {
		heavy[i].Summary = strings.Repeat("x", 3<<19)
	}
	x.equal("messages", x.told(nil, heavy, of(alert.Critical, about("heavy", "down"))), []string{"[1 2 3]", "[4 5 6]", "[down]"})
	for n := range uint64(4) {
		r := rand.New(rand.NewPCG(2, n)) //nolint:gosec // the same each time
		name := fmt.Sprint("large ", n)
		s := newStorm(r, name)
		s.alerts = s.alerts[:18]
		for i := range s.alerts {
			s.alerts[i].Summary = strings.Repeat("x", r.IntN(2<<20))
		}
		s.mood = func() bool { return false }
		b := x.box(s, nil)
		x.must(b.Send(x.ctx, s.alerts...))
		stop := x.run(b)
		x.settles(b)
		stop()
		s.check(x, name, false)
		if s.largest > 16<<20 || s.calls < 2 {
			x.Errorf("%s: %d messages, one of %d bytes", name, s.calls, s.largest)
		}
	}
}

// Whatever comes, each Key keeps its order, and all urgent ones of a backlog
// come first.
func checkStorms(x *harness) {
	const storms = 24
	for n := range uint64(storms) {
		r := rand.New(rand.NewPCG(1, n)) //nolint:gosec // the same each time
		name := fmt.Sprint("storm ", n)
		s := newStorm(r, name)
		o := &outbox.RouteOptions{Batch: 1 + r.IntN(12), Backoff: poll / 2, MaxBackoff: poll, OnePerKey: n%3 == 1}
		moody := n%3 == 2
		s.mood = func() bool { return moody && r.IntN(4) == 0 }
		b := x.box(s, o)
		x.must(b.Send(x.ctx, s.alerts...))
		stop := x.run(b)
		x.settles(b)
		stop()
		s.check(x, name, !moody && !o.OnePerKey)
	}
}
