package autocall_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// Random schedules of phones, crashes, lost outcomes, answers and cancels keep
// what the queue promises. A failure names the seed of its schedule.
func TestRandomSchedules(t *testing.T) {
	t.Parallel()
	const bubbles = 20
	schedules := 10000
	if testing.Short() || raceEnabled {
		schedules = 400
	}
	for b := range bubbles {
		t.Run(fmt.Sprint(b), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for i := range schedules / bubbles {
					runSchedule(t, uint64(b*schedules/bubbles+i))
				}
			})
		})
	}
}

// A schedule is one world of a queue and phones.
type schedule struct {
	t     *testing.T
	seed  uint64
	r     *rand.Rand
	queue *watched
	h     *autocall.Handler
	fones []*autocalltest.Phone
	calm  bool // no crash, no lost outcome, nobody rings the phones
	ids   []string

	mu       sync.Mutex
	told     map[string][]autocall.State // by the callbacks
	crashes  map[string]int              // by phone
	silences int
}

// watched keeps what the handler told a queue.
type watched struct {
	autocall.Queue
	mu       sync.Mutex
	receipts []receipt
}

type receipt struct {
	autocall.Outcome
	autocall.Receipt
}

func (w *watched) Answer(ctx context.Context, o autocall.Outcome) (autocall.Receipt, error) {
	r, err := w.Queue.Answer(ctx, o)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.receipts = append(w.receipts, receipt{o, r})
	return r, err
}

// minutes returns a random time.
func (s *schedule) upTo(d time.Duration) time.Duration { return time.Duration(s.r.Int64N(int64(d))) }

func (s *schedule) chance(percent int) bool { return s.r.IntN(100) < percent }

// runSchedule builds a world from a seed, lets it run and looks at what came of
// it.
func runSchedule(t *testing.T, seed uint64) {
	s := &schedule{
		t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 1)), told: map[string][]autocall.State{}, crashes: map[string]int{},
	}
	s.calm = s.chance(25)
	note := func(_ context.Context, st autocall.Status) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told[st.ID] = append(s.told[st.ID], st.State)
		return nil
	}
	opts := &autocall.QueueOptions{OnAnswered: note, OnExhausted: note}
	opts.OnPhoneSilent = func(context.Context, autocall.PhoneStatus) error { s.silences++; return nil }
	if s.chance(30) {
		opts.StepDelay = 75 * time.Second
	}
	q := newQueue(t, opts)
	s.queue = &watched{Queue: q}
	s.h = newHandler(t, s.queue, &autocall.HandlerOptions{PollInterval: -1})

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { require.NoError(t, q.Run(ctx)) })
	for i, token := range []string{token1, token2, token3}[:1+s.r.IntN(3)] {
		p := autocalltest.New(s.h, pathOf(token), s.phoneOptions())
		s.fones = append(s.fones, p)
		running.Go(func() { require.NoError(t, p.Run(ctx), "phone %d, seed %d", i, seed) })
	}
	for range 1 + s.r.IntN(3) {
		s.event()
	}
	s.settle()
	cancel()
	running.Wait()
	s.check()
}

// phoneOptions returns a phone whose callees pick up sometimes.
func (s *schedule) phoneOptions() *autocalltest.Options {
	r := rand.New(rand.NewPCG(s.r.Uint64(), 2)) // of the goroutine of the phone
	rough := !s.calm
	picksUp := 10 + r.IntN(50)
	return &autocalltest.Options{
		Version:      autocalltest.A + autocalltest.Version(s.r.IntN(3)),
		PollInterval: time.Duration(1+s.r.IntN(3)) * 15 * time.Second,
		Dial: func(string, int) autocalltest.Reply {
			reply := autocalltest.Reply{Ring: time.Duration(1+r.IntN(60)) * time.Second}
			if r.IntN(100) < picksUp {
				reply.Talk = time.Duration(1+r.IntN(20)) * time.Second
				if rough && r.IntN(10) == 0 {
					reply.Talk = 5 * time.Minute
				}
			}
			reply.Unlogged = rough && r.IntN(50) == 0
			return reply
		},
		Post: func(int) autocalltest.Fate {
			if rough && r.IntN(4) == 0 {
				return autocalltest.Lost + autocalltest.Fate(r.IntN(3))
			}
			return autocalltest.Delivered
		},
	}
}

// event lets something happen, after a while.
func (s *schedule) event() {
	pass(s.upTo(time.Minute))
	c := autocall.Call{
		Severity: alert.Info + alert.Severity(s.r.IntN(5)), Rounds: 1 + s.r.IntN(3), Interval: s.upTo(time.Minute),
		Expiry: 5*time.Minute + s.upTo(10*time.Minute),
	}
	for n := range 1 + s.r.IntN(3) {
		c.People = append(c.People, autocall.Person{Number: fmt.Sprintf("1870000%03d%d", s.r.IntN(1000), n)})
	}
	s.ids = append(s.ids, enqueue(s.t, s.queue, c))
	pass(s.upTo(2 * time.Minute))
	if s.chance(30) {
		_, err := s.queue.Cancel(s.t.Context(), s.ids[s.r.IntN(len(s.ids))], "over")
		require.NoError(s.t, err)
	}
	if s.calm {
		return
	}
	i := s.r.IntN(len(s.fones))
	if s.chance(40) {
		s.fones[i].Crash(s.upTo(4 * time.Minute))
		s.crashes[fmt.Sprintf("p%d", i+1)]++
	}
	if s.chance(20) {
		s.fones[i].Incoming("13900000009", autocalltest.Reply{Ring: 5 * time.Second, Talk: s.upTo(time.Minute)})
	}
}

// settle waits until all calls have ended, which Run brings about at the latest
// when they expire.
func (s *schedule) settle() {
	for _, id := range s.ids {
		st := get(s.t, s.queue, id)
		for st.State.Open() {
			require.False(s.t, time.Now().After(st.Expires.Add(10*time.Second)), "seed %d: %s has not ended: %v", s.seed, id, st.Audit)
			pass(20 * time.Second)
			st = get(s.t, s.queue, id)
		}
	}
	pass(20 * time.Second) // the notices
}

// check looks at the promises.
func (s *schedule) check() {
	dials := s.checkPhones()
	for _, id := range s.ids {
		st := get(s.t, s.queue, id)
		s.checkTrail(st)
		states := s.told[id]
		if st.State != autocall.Cancelled {
			require.NotEmpty(s.t, states, "seed %d: nobody was told of %s", s.seed, st.State)
			require.Equal(s.t, st.State, states[len(states)-1], "seed %d", s.seed)
		}
		require.LessOrEqual(s.t, len(slices.Compact(states)), 2, "seed %d", s.seed)
		s.checkAnswer(st, dials)
	}
}

// checkPhones returns who picked up, by number, and sees that no phone rang
// more often than it was told and had forgotten.
func (s *schedule) checkPhones() (picked map[string]bool) {
	picked = map[string]bool{}
	for i, p := range s.fones {
		swallowed := 0
		for _, post := range p.Posts() {
			if post.Fate == autocalltest.Swallowed && post.Resp == "" {
				swallowed++
			}
		}
		rung := map[string]int{}
		for _, c := range p.Calls() {
			if c.Mid == "" {
				continue
			}
			rung[c.Mid+c.Number]++
			picked[c.Number] = picked[c.Number] || c.Talk > 0
			if s.calm {
				require.False(s.t, c.Over, "seed %d: phone %d dialled over a call", s.seed, i+1)
			}
		}
		most := slices.Max(append(slices.Collect(maps.Values(rung)), 0))
		require.LessOrEqual(s.t, most, 1+s.crashes[fmt.Sprintf("p%d", i+1)]+swallowed, "seed %d: phone %d rang a number again", s.seed, i+1)
	}
	return picked
}

// checkTrail sees that hand-outs of a call follow one another, that each person
// has one a round beside those that were lost, and none after an answer.
func (s *schedule) checkTrail(st autocall.Status) {
	var holder string
	handed, lost := map[string]int{}, 0
	over := false
	for _, e := range st.Audit {
		switch e.Event {
		case autocall.EventHandedOut:
			require.False(s.t, over, "seed %d: handed out after the end: %v", s.seed, st.Audit)
			require.Contains(s.t, []string{"", e.Phone}, holder, "seed %d: two phones: %v", s.seed, st.Audit)
			holder = e.Phone
			handed[fmt.Sprint(e.Round, e.Number)]++
		case autocall.EventNobody:
			require.Equal(s.t, holder, e.Phone, "seed %d: %v", s.seed, st.Audit)
			holder = ""
		case autocall.EventLost:
			holder = ""
			lost++
		case autocall.EventAnswered, autocall.EventLate, autocall.EventCancelled, autocall.EventExhausted, autocall.EventExpired:
			over = true
		}
		require.NotContains(s.t, e.Number+e.Cause, "1870000", "seed %d: a whole number", s.seed)
	}
	for _, n := range handed {
		require.LessOrEqual(s.t, n, 1+lost, "seed %d: %v", s.seed, st.Audit)
	}
	require.True(s.t, over, "seed %d: %v", s.seed, st.Audit)
	require.False(s.t, s.calm && lost > 0, "seed %d: lost without a reason: %v", s.seed, st.Audit)
}

// checkAnswer sees that a call is answered if and only if a phone said so in
// time, and that the person did pick up.
func (s *schedule) checkAnswer(st autocall.Status, picked map[string]bool) {
	told := false
	for _, r := range s.queue.receipts {
		told = told || r.Call == st.ID && r.Number != ""
	}
	if st.State == autocall.Answered {
		require.True(s.t, told, "seed %d: answered by nobody", s.seed)
		require.True(s.t, picked[st.By.Number], "seed %d: who did not pick up", s.seed)
		return
	}
	require.Nil(s.t, st.By)
	require.False(s.t, told && st.State != autocall.Cancelled, "seed %d: an answer was lost: %v", s.seed, st.Audit)
	require.NotContains(s.t, events(st), "answered", "seed %d", s.seed)
}
