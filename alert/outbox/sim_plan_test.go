package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A destination is a route of the world and what it does to those that send there.
type destination struct {
	name  string
	opts  outbox.RouteOptions
	least alert.Severity // what its filter lets pass

	pace                 // what was sent, to check the budget
	open map[string]bool // the problems that it has heard of, guarded by the lock of the judge
}

// A trouble is a fault of the store or of a far end for some time.
type trouble struct {
	kind     string
	from, to time.Duration
	route    string // all if empty
	process  int    // in which place; -1: all
	often    float64
}

// Kinds of trouble. Those of the store.
const (
	storeAway     = "store away"             // nothing is done
	storeMute     = "store mute"             // it is done, and an error comes back
	storeHangs    = "store hangs"            // nothing comes back until the context ends, done or not
	storeSlow     = "store slow"             // for seconds
	storeReadOnly = "store read-only"        // what writes fails
	farDown       = "far end down"           // retryable
	farUnknown    = "far end odd"            // an error that says nothing
	farBusy       = "far end busy"           // asks for some time
	farAbsurd     = "far end asks for years" // once
	farRefuses    = "far end refuses"        // for good
	farHangs      = "far end hangs"          // until the context ends
	farDeaf       = "far end deaf"           // to the context
	farPanics     = "sender panics"
	farLate       = "far end late" // but in time
	farUncertain  = "far end uncertain"
	farMoody      = "far end moody" // with each alert
)

var (
	storeTroubles = []string{storeAway, storeMute, storeHangs, storeSlow, storeReadOnly}                                                                            //nolint:gochecknoglobals // a table
	farTroubles   = []string{farDown, farUnknown, farBusy, farAbsurd, farRefuses, farHangs, farDeaf, farPanics, farLate, farUncertain, farMoody}                    //nolint:gochecknoglobals // likewise
	poisons       = []string{poisonRefused, poisonUnknown, poisonUncertain, poisonPanic, poisonHang, poisonAgain, poisonPartial, poisonUncertainFinal, poisonCrash} //nolint:gochecknoglobals // likewise
)

// Alerts whose message fails because of them.
const (
	poisonRefused        = "poison: refused"
	poisonUnknown        = "poison: unknown error"
	poisonUncertain      = "poison: uncertain"
	poisonUncertainFinal = "poison: uncertain for good"
	poisonPanic          = "poison: panic"
	poisonHang           = "poison: hangs"
	poisonAgain          = "poison: not now"
	poisonPartial        = "poison: refused by itself"
	poisonCrash          = "poison: kills the process"
)

// A happening is what happens at one moment.
type happening struct {
	at time.Duration
	do func()
}

// A plan is what happens in a world. Each has few kinds of trouble, so that its
// history can be read.
type plan struct {
	w        *world
	length   time.Duration
	routes   []*destination
	callers  int
	poison   string // kind of poisonous alerts
	poisoned int    // alerts of each caller among which they are
	troubles []trouble
	events   []happening
	storms   bool // callers send many alerts at once
}

func newPlan(w *world) *plan {
	p := &plan{w: w, length: time.Duration(4+w.rng.IntN(8)) * time.Minute, callers: 1 + w.rng.IntN(3), storms: w.rng.IntN(3) == 0}
	for i := range 1 + w.rng.IntN(3) {
		p.routes = append(p.routes, newDestination(w.rng, fmt.Sprintf("route%d", i), w.lease))
	}
	if w.rng.IntN(2) == 0 {
		p.poison, p.poisoned = poisons[w.rng.IntN(len(poisons))], 20+w.rng.IntN(40)
	}
	return p
}

// someTrouble adds trouble of all kinds. It is called when the processes have their places.
func (p *plan) someTrouble() {
	rng := p.w.rng
	if rng.IntN(3) > 0 {
		p.trouble(storeTroubles)
	}
	for range rng.IntN(3) {
		p.trouble(farTroubles)
	}
	if rng.IntN(3) == 0 {
		p.happen(1+rng.IntN(3), p.w.crash)
	}
	if rng.IntN(3) == 0 {
		p.happen(1+rng.IntN(3), p.w.restart)
	}
	if rng.IntN(4) == 0 {
		p.happen(1+rng.IntN(2), p.w.jump)
	}
	if rng.IntN(6) == 0 {
		p.happen(1, p.w.vanish)
	}
	if rng.IntN(4) == 0 {
		p.happen(1, p.w.join)
	}
	if rng.IntN(4) == 0 {
		p.happen(1, p.w.leave)
	}
}

// trouble adds one to three times of one kind.
func (p *plan) trouble(kinds []string) {
	rng := p.w.rng
	kind := kinds[rng.IntN(len(kinds))]
	for range 1 + rng.IntN(3) {
		t := trouble{kind: kind, from: time.Duration(rng.Int64N(int64(p.length))), process: -1, often: 1}
		t.to = t.from + time.Second + time.Duration(rng.Int64N(int64(2*time.Minute)))
		if rng.IntN(2) == 0 {
			t.route = p.routes[rng.IntN(len(p.routes))].name
		}
		if rng.IntN(2) == 0 {
			t.process = rng.IntN(len(p.w.slots))
		}
		if rng.IntN(2) == 0 {
			t.often = 0.05 + rng.Float64()/2
		}
		p.troubles = append(p.troubles, t)
	}
}

// happen adds a happening n times.
func (p *plan) happen(n int, do func(*rand.Rand)) {
	for range n {
		at := time.Duration(p.w.rng.Int64N(int64(p.length)))
		own := rand.New(rand.NewPCG(p.w.rng.Uint64(), 0)) //nolint:gosec // a test that can be repeated
		p.events = append(p.events, happening{at, func() { do(own) }})
	}
}

// struck returns the kind of trouble that strikes now, or nothing.
func (p *plan) struck(kinds []string, route string, process int, lots *rand.Rand) (kind string) {
	at := p.w.now()
	for _, t := range p.troubles {
		if at < t.from || at >= t.to || t.route != "" && t.route != route && route != "" || t.process >= 0 && t.process != process {
			continue
		}
		for _, k := range kinds {
			if k == t.kind && lots.Float64() < t.often {
				kind = k
			}
		}
	}
	return kind
}

func newDestination(rng *rand.Rand, name string, lease time.Duration) *destination {
	d := &destination{name: name, open: make(map[string]bool)}
	d.opts = outbox.RouteOptions{
		Batch: 1 + rng.IntN(12), Backoff: time.Duration(1+rng.IntN(3)) * time.Second, MaxBackoff: time.Duration(10+rng.IntN(40)) * time.Second,
		Timeout: time.Duration(2+rng.IntN(int(lease/time.Second)/2)) * time.Second, OnePerKey: rng.IntN(4) == 0,
	}
	switch rng.IntN(5) {
	case 0, 1:
		d.opts.NeverTwice = true
	case 2:
		d.opts.Resend = true
	}
	if rng.IntN(3) == 0 {
		d.opts.Budget = outbox.Budget{Messages: 6 + rng.IntN(30), Per: time.Minute}
	}
	if rng.IntN(4) == 0 {
		d.least = alert.Critical
	}
	if rng.IntN(8) == 0 {
		d.opts.MaxAge = time.Duration(3+rng.IntN(20)) * time.Minute
	}
	d.opts.Filter = func(a alert.Alert) bool { return a.Severity >= d.least }
	return d
}
