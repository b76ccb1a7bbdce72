package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// schedules returns how many random schedules are tried: SCHEDULES says so.
func schedules(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SCHEDULES")
	if text == "" {
		return 60
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "SCHEDULES must be a number")
	return n
}

// Workers come and go and die at random moments, the far end has moods, and
// callers do not wait for one another. Whatever happens, nothing that was
// accepted is lost, each Key keeps its order, one worker sends at a time, and
// the numbers add up.
func TestRandomSchedules(t *testing.T) {
	t.Parallel()
	for seed := range schedules(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWorld(t, uint64(seed)).play() }) //nolint:gosec // not negative
		})
	}
}

const (
	worldLease = 20 * time.Second
	worldKeys  = 5
)

// A world is one schedule.
type world struct {
	*testing.T

	rng   *rand.Rand // of the play
	store *outbox.Store
	opts  outbox.RouteOptions

	mu      sync.Mutex
	moods   *rand.Rand // of the far end
	kind    bool       // takes everything from now on
	busy    bool       // a worker that is alive is sending
	tries   map[string]int
	heard   []string       // by the far end, in order
	told    map[string]int // how often each was accepted there
	unsure  map[string]bool
	refused map[string]bool
	sent    [worldKeys][]string // accepted by Send, by Key
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test that can be repeated
	w := &world{
		T: t, rng: rng, moods: rand.New(rand.NewPCG(seed, 2)), //nolint:gosec // likewise
		opts: outbox.RouteOptions{
			Batch: 1 + rng.IntN(8), MaxBackoff: 20 * time.Second, MaxAge: -1, Timeout: 5 * time.Second,
			NeverTwice: rng.IntN(3) == 0, OnePerKey: rng.IntN(3) == 0,
			Budget: outbox.Budget{Messages: rng.IntN(60), Per: time.Minute},
		},
		tries: make(map[string]int), told: make(map[string]int), unsure: make(map[string]bool), refused: make(map[string]bool),
	}
	w.store = outbox.Faulty(outbox.NewMemoryStore(), w.fault)
	return w
}

// fault is what happens to a transaction: mostly nothing, but one may fail before
// or after its commit, and one may take longer than a lease.
func (w *world) fault() outbox.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kind {
		return outbox.Fault{}
	}
	switch w.moods.IntN(60) {
	case 0, 1:
		return outbox.Fault{Before: errors.New("the store is away")}
	case 2, 3:
		return outbox.Fault{After: errors.New("the connection broke at the commit")}
	case 4:
		return outbox.Fault{Slow: time.Duration(w.moods.IntN(60)) * time.Second}
	}
	return outbox.Fault{}
}

// A life is a worker's process. Once it is dead, the first message that it would
// send never gets anywhere, and the worker hangs there until the end.
type life struct {
	w           *world
	dead, ended chan struct{}
	stop        context.CancelFunc
	done        chan error
	box         *outbox.Outbox
}

// mood is what the far end does with an alert.
type mood struct{ again, unsure bool }

func (m mood) Error() string        { return "moody" }
func (m mood) Retryable() bool      { return m.again }
func (m mood) Is(target error) bool { return target == alert.ErrUncertain && m.unsure }

// Send is the far end, as this process sees it.
func (l *life) Send(ctx context.Context, alerts ...alert.Alert) error {
	if !alert.IsOnce(ctx) {
		l.w.Error("sent without Once")
	}
	w := l.w
	select {
	case <-l.dead: // between the commit and the message
		<-l.ended
		return errors.New("nobody hears this")
	default:
	}
	w.mu.Lock()
	if w.busy {
		w.Errorf("two workers send at once")
	}
	w.busy = true
	errs := w.answer(alerts)
	took := time.Duration(w.moods.IntN(3000)) * time.Millisecond
	w.mu.Unlock()
	select {
	case <-time.After(took):
	case <-l.dead: // nobody hears the answer
		w.free()
		<-l.ended
		return errors.New("nobody hears this")
	}
	w.free()
	return alert.Partial(errs)
}

func (w *world) free() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
}

// answer decides about alerts. It is called with the lock.
func (w *world) answer(alerts []alert.Alert) []error {
	errs := make([]error, len(alerts))
	whole := w.moods.IntN(10)
	for i := range alerts {
		name := alerts[i].Name
		w.tries[name]++
		roll := w.moods.IntN(12)
		switch {
		case w.kind:
		case alerts[i].Summary == "poison":
			errs[i] = mood{}
			w.refused[name] = true
			continue
		case whole == 0 || roll == 0:
			errs[i] = mood{again: true}
			continue
		case whole == 1 || roll == 1:
			errs[i] = mood{again: true, unsure: true}
			w.unsure[name] = true
			continue
		}
		w.heard = append(w.heard, name)
		w.told[name]++
	}
	return errs
}

// begin starts a process.
func (w *world) begin() *life {
	ctx, stop := context.WithCancel(w.Context())
	l := &life{w: w, dead: make(chan struct{}), ended: make(chan struct{}), stop: stop, done: make(chan error, 1)}
	box, err := outbox.Open(w.store, &outbox.Options{Lease: worldLease})
	require.NoError(w, err)
	opts := w.opts
	require.NoError(w, box.Route("route", l, &opts))
	l.box = box
	go func() { l.done <- box.Run(ctx) }()
	return l
}

// play is the schedule.
func (w *world) play() {
	lives := []*life{w.begin(), w.begin()}
	var callers sync.WaitGroup
	next := 0
	for range 60 {
		switch w.rng.IntN(12) {
		case 0: // a process dies in the middle of whatever it does
			i := w.rng.IntN(len(lives))
			close(lives[i].dead)
			defer lives[i].end()
			lives[i] = w.begin()
		case 1: // or ends as it should
			i := w.rng.IntN(len(lives))
			lives[i].end()
			lives[i] = w.begin()
		default:
			key := w.rng.IntN(worldKeys)
			a := alert.Alert{Key: fmt.Sprint(key), ID: fmt.Sprint(next), Name: fmt.Sprint(next)}
			if next++; w.rng.IntN(15) == 0 {
				a.Summary = "poison"
			}
			w.sent[key] = append(w.sent[key], a.Name)
			b := lives[w.rng.IntN(len(lives))].box
			for b.Send(w.Context(), a, a) != nil {
				<-time.After(100 * time.Millisecond)
			}
			callers.Go(func() { // somebody else repeats it
				_ = b.Send(w.Context(), a) // and does not care
			})
		}
		<-time.After(time.Duration(w.rng.IntN(1500)) * time.Millisecond)
	}
	callers.Wait()
	w.finish(lives)
}

// end ends a process in an orderly way.
func (l *life) end() {
	l.stop()
	close(l.ended)
	require.NoError(l.w, <-l.done)
}

// finish lets the far end be kind and looks at what has become of everything.
func (w *world) finish(lives []*life) {
	<-time.After(2 * time.Minute)
	w.mu.Lock()
	w.kind = true
	w.mu.Unlock()
	b := lives[0].box
	for {
		waiting, err := b.Pending(w.Context(), "route", 0, 1)
		require.NoError(w, err)
		if len(waiting) == 0 {
			break
		}
		<-time.After(time.Second)
	}
	list, err := b.Dead(w.Context(), "route", 0, 500)
	require.NoError(w, err)
	for _, l := range lives {
		l.end()
	}
	dead := make(map[string]outbox.Cause)
	for _, l := range list {
		dead[l.Alert.Name] = l.Cause
	}
	w.classify(dead)
	w.Logf("%d accepted, %d heard, %d dead", len(w.tries), len(w.heard), len(dead))
}

// classify compares what was accepted with what was heard.
func (w *world) classify(dead map[string]outbox.Cause) {
	for key, names := range w.sent {
		for _, name := range names {
			cause, isDead := dead[name]
			if w.told[name] == 0 && !isDead {
				w.Errorf("alert %s is lost", name)
			}
			switch cause {
			case outbox.Refused:
				if !w.refused[name] || w.tries[name] < 1 {
					w.Errorf("alert %s is dead, and was never refused", name)
				}
			case outbox.Crashed:
				if w.opts.NeverTwice {
					w.Errorf("alert %s ended as %s on a route that must not send twice", name, cause)
				}
			case outbox.Uncertain, outbox.Overtaken:
				if !w.opts.NeverTwice {
					w.Errorf("alert %s ended as %s on a route that may send twice", name, cause)
				}
			case "":
			default:
				w.Errorf("alert %s ended as %s", name, cause)
			}
			if w.opts.NeverTwice && w.told[name] > 1 {
				w.Errorf("alert %s was accepted %d times", name, w.told[name])
			}
			if w.opts.NeverTwice && w.unsure[name] && cause != outbox.Uncertain && cause != outbox.Overtaken {
				w.Errorf("alert %s was uncertain and ended as %q", name, cause)
			}
		}
		w.judgeOrder(key, names, dead)
	}
}

// judgeOrder checks that at any time the last word that the far end has heard
// about a Key, once its message is settled, is the latest one it has heard: the
// last time of each follows the last time of those before it.
func (w *world) judgeOrder(key int, names []string, dead map[string]outbox.Cause) {
	last := make(map[string]int)
	first := make(map[string]int)
	for at, name := range w.heard {
		last[name] = at
		if _, known := first[name]; !known {
			first[name] = at
		}
	}
	before, earlier := -1, ""
	for _, name := range names {
		at, heard := last[name]
		if !heard || dead[name] == outbox.Crashed { // it may have been heard each time before its process died
			continue
		}
		if at < before {
			w.Errorf("key %d: %s was last heard after %s", key, earlier, name)
		}
		if w.opts.OnePerKey && first[name] < before {
			w.Errorf("key %d: %s overtook %s", key, name, earlier)
		}
		before, earlier = at, name
	}
}
