package outbox_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// TestSimulation plays worlds in which several processes share a store and all goes
// wrong that can, and judges what becomes of each alert. TOCSIN_SEEDS is how many
// worlds are played. A failed one prints its history, and
//
//	go test ./alert/outbox -v -run "^TestSimulation$/seed=17$"
//
// plays it again and prints it in any case: what happens depends on the seed alone.
//
// What it has found before there was a cure for it, and the first worlds in which it
// did, is worth keeping: a change that takes a cure away must be seen again.
//
//	an alert that spoils its message, its neighbours wait for ever    2, 3, 8, 13, 21
//	an alert that kills the process again and again                   55
//	a call of the store that hangs, and Send with it                  10, 31
//	the clock set back                                                19, 25, 26, 39
//	a far end that asks for a year                                    18, 28, 45
//	a route whose row vanished                                        0, 9, 11, 24, 32
//	a Sender that does not return, and nobody says so                 41
func TestSimulation(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 40) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWorld(t, seed).play() })
		})
	}
}

const (
	longestPlay = 4 * time.Hour // more than any bound
	mostFaults  = 3             // to be told of one world
)

// seeds returns the seeds to play: the one that -run names, or as many as
// TOCSIN_SEEDS says, or n.
func seeds(t *testing.T, n uint64) (list []uint64) {
	t.Helper()
	if text := named(); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return []uint64{seed}
	}
	if text := os.Getenv("TOCSIN_SEEDS"); text != "" {
		var err error
		n, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "TOCSIN_SEEDS must be a number")
	}
	for seed := range n {
		list = append(list, seed)
	}
	return list
}

// named returns the seed that -run names, if it does.
func named() string {
	found := regexp.MustCompile(`/\^?seed=(\d+)\$?$`).FindStringSubmatch(flag.Lookup("test.run").Value.String())
	if found == nil {
		return ""
	}
	return found[1]
}

// A world is one play. Its goroutines draw no lots from a common source: each lot
// depends on the seed, who draws it and when, so that their order does not matter.
type world struct {
	*testing.T

	seed  uint64
	rng   *rand.Rand // of the script alone
	began time.Time
	plan  *plan
	lease time.Duration
	poll  time.Duration

	store   *simStore
	judge   *judge
	duty    *duty         // of worlds with an escalation
	over    chan struct{} // closed at the end: who is dead may leave
	failed  chan struct{} // closed once something is wrong
	once    sync.Once     // of that
	callers sync.WaitGroup

	mu      sync.Mutex
	history []event
	offset  time.Duration // of the store's clock
	forward time.Time     // when that last jumped forward
	slots   []*process    // those that live, or nil
	born    int
	wrong   int
	inStore string // at the end
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{T: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), over: make(chan struct{}), failed: make(chan struct{})} //nolint:gosec // a test that can be repeated
	w.lease = time.Duration(20+w.rng.IntN(40)) * time.Second
	w.poll = w.lease / time.Duration(4+w.rng.IntN(8))
	w.plan = newPlan(w)
	w.store = newSimStore(w)
	w.judge = newJudge(w)
	w.slots = make([]*process, 1+w.rng.IntN(3))
	w.plan.someTrouble()
	return w
}

// lots returns lots that depend on who draws them and when.
func (w *world) lots(who ...string) *rand.Rand {
	h := fnv.New64a()
	for _, part := range who {
		_, _ = h.Write([]byte(part)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(w.seed^h.Sum64(), uint64(time.Now().UnixNano()))) //nolint:gosec // likewise
}

// now is the time of the world.
func (w *world) now() time.Duration { return time.Since(w.began) }

// An event is a line of the history.
type event struct {
	at   time.Duration
	text string
}

// note adds a line to the history.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, event{w.now(), fmt.Sprintf(format, args...)})
}

// fail says what is wrong. The play ends soon.
func (w *world) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.note("WRONG %s", text)
	w.once.Do(func() { close(w.failed) })
	w.mu.Lock()
	w.wrong++
	many := w.wrong > mostFaults
	w.mu.Unlock()
	if many {
		return
	}
	w.Errorf("seed %d, at %v: %s", w.seed, w.now(), text)
}

// print prints the history.
func (w *world) print() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "lease %v, poll %v, %d processes\n", w.lease, w.poll, len(w.slots))
	for _, d := range w.plan.routes {
		fmt.Fprintf(&b, "route %s: %+v\n", d.name, d.opts)
	}
	slices.SortStableFunc(w.history, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.text, b.text)) })
	for _, e := range w.history {
		fmt.Fprintf(&b, "%14v %s\n", e.at, e.text)
	}
	b.WriteString(w.inStore)
	w.Logf("history of seed %d\n%s", w.seed, b.String())
}

// play plays the script, waits until all is told, and ends.
func (w *world) play() {
	for i := range w.slots {
		w.begin(i)
	}
	ctx, cancel := context.WithCancel(w.Context())
	var actors sync.WaitGroup
	for i := range w.plan.callers {
		w.callers.Go(func() {
			if w.duty != nil {
				w.duty.call(i)
			} else {
				w.call(i)
			}
		})
	}
	for _, e := range w.plan.events {
		actors.Go(func() {
			if sleep(ctx, e.at) {
				e.do()
			}
		})
	}
	actors.Go(func() {
		for sleep(ctx, time.Minute) && !w.Failed() {
			w.look()
		}
	})
	w.callers.Wait()
	<-time.After(max(0, w.plan.length-w.now()))
	for !w.Failed() && w.look() > 0 {
		if <-time.After(10 * time.Second); w.now() > longestPlay {
			w.fail("the world does not come to rest")
		}
	}
	cancel()
	actors.Wait()
	w.inStore = w.store.dump()
	w.end()
	if w.Failed() || testing.Verbose() && named() != "" {
		w.print()
	}
}

// look judges how all stands, and returns how much is on its way.
func (w *world) look() int {
	if w.duty != nil {
		return w.duty.look()
	}
	return w.judge.look()
}

// end ends all processes, those that live in an orderly way.
func (w *world) end() {
	w.mu.Lock()
	live := w.slots
	w.slots = make([]*process, len(live))
	w.mu.Unlock()
	for _, p := range live {
		if p != nil {
			p.stop()
		}
	}
	close(w.over)
	w.judge.end()
}

// sleep reports whether it has slept, and ctx has not ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var _ jobstore.Store = (*processStore)(nil)
