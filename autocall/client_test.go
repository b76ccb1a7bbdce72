package autocall_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// versions runs a test in a bubble for each version of the app.
func versions(t *testing.T, f func(t *testing.T, v autocalltest.Version)) {
	t.Helper()
	for _, v := range []autocalltest.Version{autocalltest.A, autocalltest.C, autocalltest.D} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, v) })
		})
	}
}

// script answers each number after some ringing, or nobody.
func script(replies map[string]autocalltest.Reply) func(string, int) autocalltest.Reply {
	return func(number string, _ int) autocalltest.Reply {
		if r, ok := replies[number]; ok {
			return r
		}
		return autocalltest.Reply{Ring: 40 * time.Second}
	}
}

// picksUp is the reply of somebody who picks up.
func picksUp() autocalltest.Reply {
	return autocalltest.Reply{Ring: 10 * time.Second, Talk: 20 * time.Second}
}

// What the source of the app does, and what is asked of the server for it. Two
// more matters are for people: which URL to enter first, and permissions.

func TestClient01RepeatedNumbersEnd(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		q := newQueue(t, nil)
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{Version: v})
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberA, numberB, numberA), Rounds: 2})
		stop := start(t, p.Run)
		pass(15 * time.Minute)
		stop()
		require.Equal(t, autocall.Exhausted, get(t, q, id).State)
		require.Equal(t, []string{numberA, numberB, numberA, numberB}, dialled(p))
	})
}

func TestClient02EachHandOutHasAFreshMid(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		q := newQueue(t, nil)
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
			Version: v,
			Dial: func(_ string, nth int) autocalltest.Reply {
				if nth == 2 {
					return picksUp()
				}
				return autocalltest.Reply{Ring: 20 * time.Second}
			},
		})
		first := enqueue(t, q, autocall.Call{People: people(numberA), Rounds: 2})
		stop := start(t, p.Run)
		pass(5 * time.Minute)
		require.Equal(t, autocall.Answered, get(t, q, first).State)
		second := enqueue(t, q, autocall.Call{People: people(numberA)}) // the app has kept the mid of the answer
		pass(5 * time.Minute)
		stop()
		require.Equal(t, autocall.Exhausted, get(t, q, second).State)
		mids := map[string]bool{}
		for _, c := range p.Calls() {
			require.False(t, mids[c.Mid])
			mids[c.Mid] = true
		}
		require.Len(t, mids, 3)
	})
}

func TestClient03NoOtherMidBeforeTheOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		enqueue(t, q, autocall.Call{People: people(numberA), Severity: alert.Info})
		first := next(t, q, "p1")
		enqueue(t, q, autocall.Call{People: people(numberB), Severity: alert.Critical})
		for range 10 {
			pass(10 * time.Second)
			require.Equal(t, first, next(t, q, "p1"))
		}
		require.Equal(t, numberB, next(t, q, "p2").Number)
		require.Equal(t, autocall.EventNobody, answer(t, q, "p1", first.Mid, ""))
		require.True(t, next(t, q, "p1").IsZero(), "p2 has the other one")
	})
}

// A phone whose call was taken away may be ringing: told another mid it would
// dial over the call, and wait for ever for a record of the new one.
func TestClient04ACancelledCallLetsThePhoneRest(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		q := newQueue(t, nil)
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
			Version: v, StartDelay: -1, Dial: script(map[string]autocalltest.Reply{numberA: {Ring: time.Minute}, numberB: picksUp()}),
		})
		first := enqueue(t, q, autocall.Call{People: people(numberA)})
		second := enqueue(t, q, autocall.Call{People: people(numberB)})
		stop := start(t, p.Run)
		pass(5 * time.Second)
		was, err := q.Cancel(t.Context(), first, "resolved")
		require.NoError(t, err)
		require.True(t, was)
		pass(80 * time.Second)
		require.Equal(t, []string{numberA}, dialled(p), "it gets no call for a minute and a half")
		pass(2 * time.Minute)
		stop()
		require.Equal(t, autocall.Answered, get(t, q, second).State)
		require.Equal(t, []string{numberA, numberB}, dialled(p))
		require.False(t, p.Calls()[1].Over)
	})
}

func TestClient05SilenceOfACallIsNormal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		talk   time.Duration
		events string
		silent int
	}{
		{"a call shorter than the lease", 2 * time.Minute, "queued, handed out, answered", 0},
		{"a longer one", 4 * time.Minute, "queued, handed out, lost, late", 0},
		{"one beyond two leases", 8 * time.Minute, "queued, handed out, lost, late", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				silent := 0
				q := newQueue(t, &autocall.QueueOptions{OnPhoneSilent: func(_ context.Context, p autocall.PhoneStatus) error {
					silent++
					require.True(t, p.Silent)
					require.Equal(t, "p1", p.Name)
					return nil
				}})
				p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
					Dial: func(string, int) autocalltest.Reply {
						return autocalltest.Reply{Ring: 20 * time.Second, Talk: tt.talk}
					},
				})
				id := enqueue(t, q, autocall.Call{People: people(numberA)})
				stop, stopPhone := start(t, q.Run), start(t, p.Run)
				pass(15 * time.Minute)
				stopPhone()
				stop()
				s := get(t, q, id)
				require.Equal(t, tt.events, events(s))
				require.Equal(t, autocall.Answered, s.State)
				require.Equal(t, tt.silent, silent)
			})
		})
	}
}

// In list mode without a pause the app dials over a call that lasts. With one
// number in a hand-out, or with a pause, it does not.
func TestClient06DialsOverNoCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts autocall.QueueOptions
		over bool
	}{
		{"one by one", autocall.QueueOptions{}, false},
		{"with a pause", autocall.QueueOptions{StepDelay: 75 * time.Second}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, &tt.opts)
				p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
					Dial: script(map[string]autocalltest.Reply{numberA: {Ring: 30 * time.Second}, numberB: {Ring: time.Minute}}),
				})
				id := enqueue(t, q, autocall.Call{People: people(numberA, numberB, numberC)})
				stop := start(t, p.Run)
				pass(15 * time.Minute)
				stop()
				require.Equal(t, autocall.Exhausted, get(t, q, id).State)
				require.Equal(t, []string{numberA, numberB, numberC}, dialled(p))
				over := false
				for _, c := range p.Calls() {
					over = over || c.Over
				}
				require.Equal(t, tt.over, over)
			})
		})
	}
}

func TestClient07NumbersAreWhatTheDiallerLogs(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	enqueue(t, q, autocall.Call{People: people(" 187-0000 0001", "+86 (188) 0000.0002")})
	require.Equal(t, numberA, next(t, q, "p1").Number)
}

func TestClient08PickedUpIsAllThatIsKnown(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		q := newQueue(t, nil)
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
			Version: v, Dial: script(map[string]autocalltest.Reply{numberB: {Ring: 25 * time.Second, Talk: time.Second}}),
		})
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberB, numberC)})
		stop := start(t, p.Run)
		pass(10 * time.Minute)
		stop()
		s := get(t, q, id)
		require.Equal(t, autocall.Answered, s.State)
		require.Equal(t, autocall.Person{Name: "b-san", Number: numberB}, *s.By)
		require.Equal(t, "p1", s.Phone)
		require.Equal(t, []string{numberA, numberB}, dialled(p))
	})
}

// A broken is a queue that fails in one way or another.
type broken struct {
	autocall.Queue
	fail atomic.Int32 // so many requests from now on
	out  *autocall.HandOut
	boom bool
}

func (b *broken) failing() bool {
	if b.fail.Load() == 0 {
		return false
	}
	b.fail.Add(-1)
	if b.boom {
		panic("number " + numberA)
	}
	return true
}

func (b *broken) Next(ctx context.Context, p autocall.Phone) (autocall.HandOut, error) {
	if b.failing() {
		return autocall.HandOut{}, errors.New("no database")
	}
	if b.out != nil {
		return *b.out, nil
	}
	return b.Queue.Next(ctx, p)
}

func (b *broken) Answer(ctx context.Context, o autocall.Outcome) (autocall.Receipt, error) {
	if b.failing() {
		return autocall.Receipt{}, errors.New("no database")
	}
	return b.Queue.Answer(ctx, o)
}

// What kills or stalls the app is never sent, though a queue brings it.
func TestClient09And10AnswersThatKillOrStallAreNotSent(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]autocall.HandOut{
		"no phone":       {Mid: "m"},
		"no number":      {Mid: "m", Number: "**21*18700000001#"},
		"emergency":      {Mid: "m", Number: "110"},
		"mid with query": {Mid: "m&resp=1", Number: numberA},
		"long mid":       {Mid: strings.Repeat("m", 129), Number: numberA},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := request(newHandler(t, &broken{out: &out}, nil), http.MethodGet, pathOf(token1))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			a := read(t, w.Body.String())
			require.Equal(t, 1, *a.Code)
			require.Empty(t, a.Phone)
			require.Empty(t, a.Mid)
			require.NotEmpty(t, a.Msg)
		})
	}
}

// An outcome that was not kept is told again, and nobody is rung twice for it.
func TestClient11AnOutcomeIsToldUntilItIsKept(t *testing.T) {
	t.Parallel()
	for name, boom := range map[string]bool{"error": false, "panic": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, v autocalltest.Version) {
				for _, reply := range []autocalltest.Reply{picksUp(), {Ring: 30 * time.Second}} {
					q := &broken{Queue: newQueue(t, nil), boom: boom}
					p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
						Version: v, Dial: func(string, int) autocalltest.Reply { return reply },
						Post: func(nth int) autocalltest.Fate {
							if nth <= 2 {
								q.fail.Store(1)
							}
							return autocalltest.Delivered
						},
					})
					id := enqueue(t, q.Queue, autocall.Call{People: people(numberA)})
					stop := start(t, p.Run)
					pass(10 * time.Minute)
					stop()
					require.False(t, get(t, q, id).State.Open())
					require.Equal(t, reply.Talk > 0, get(t, q, id).State == autocall.Answered)
					require.Len(t, dialled(p), 1)
					require.Len(t, p.Posts(), 3)
				}
			})
		})
	}
}

// A proxy that answers for a dead server makes the app believe that its outcome
// arrived. An answer is told again all the same.
func TestClient11AnAnswerSwallowedByAProxyIsToldAgain(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		q := newQueue(t, nil)
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
			Version: v, Dial: func(string, int) autocalltest.Reply { return picksUp() },
			Post: func(nth int) autocalltest.Fate {
				if nth < 3 {
					return autocalltest.Swallowed
				}
				return autocalltest.Delivered
			},
		})
		id := enqueue(t, q, autocall.Call{People: people(numberA)})
		stop := start(t, p.Run)
		pass(10 * time.Minute)
		stop()
		require.Equal(t, autocall.Answered, get(t, q, id).State)
		require.Len(t, dialled(p), 1)
	})
}

func TestClient12AndThe15PathsOverASocket(t *testing.T) {
	t.Parallel()
	for name, slash := range map[string]string{"without a slash": "", "with a slash": "/"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, nil)
			mux := http.NewServeMux()
			mux.Handle("/phone/", newHandler(t, q, &autocall.HandlerOptions{PollInterval: -1}))
			server := httptest.NewServer(mux) // on an IP address, without encryption
			defer server.Close()
			p := autocalltest.Connect(server.URL+pathOf(token1)+slash, &autocalltest.Options{
				StartDelay: -1, PollInterval: time.Millisecond, Version: autocalltest.C,
				Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Talk: time.Nanosecond} },
			})
			id := enqueue(t, q, autocall.Call{People: people("+8618700000001")})
			stop := start(t, p.Run)
			require.Eventually(t, func() bool { return get(t, q, id).State == autocall.Answered }, time.Minute, time.Millisecond)
			stop()
			all, err := q.Phones(t.Context())
			require.NoError(t, err)
			require.Equal(t, "MI 8", all[0].Model, "though only the poll says so")
		})
	}
}
