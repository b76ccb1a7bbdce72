package autocall_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// Cases of failure, one a test.

func TestCaseAppDiesBetweenPollAndOutcome(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		for _, tt := range []struct {
			down   time.Duration
			events string
		}{
			{5 * time.Second, "queued, handed out, answered"},                   // back before anybody noticed
			{5 * time.Minute, "queued, handed out, lost, handed out, answered"}, // back under a new mid
		} {
			q := newQueue(t, nil)
			p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{
				Version: v, Dial: func(_ string, nth int) autocalltest.Reply {
					if nth == 1 {
						return autocalltest.Reply{Ring: 30 * time.Second}
					}
					return picksUp()
				},
			})
			id := enqueue(t, q, autocall.Call{People: people(numberA)})
			stop := start(t, p.Run)
			pass(35 * time.Second) // it rings
			p.Crash(tt.down)
			pass(15 * time.Minute)
			stop()
			require.Equal(t, tt.events, events(get(t, q, id)))
			require.Len(t, dialled(p), 2, "the app dials again, as it knows nothing")
		}
	})
}

func TestCaseTwoPhonesPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		h := newHandler(t, q, nil)
		var phones []*autocalltest.Phone
		for _, token := range []string{token1, token2, token3} {
			p := autocalltest.New(h, pathOf(token), &autocalltest.Options{Dial: func(string, int) autocalltest.Reply { return picksUp() }})
			phones = append(phones, p)
			defer start(t, p.Run)()
		}
		a := enqueue(t, q, autocall.Call{People: people(numberA)})
		b := enqueue(t, q, autocall.Call{People: people(numberB)})
		pass(5 * time.Minute)
		require.Equal(t, autocall.Answered, get(t, q, a).State)
		require.Equal(t, autocall.Answered, get(t, q, b).State)
		total := 0
		for _, p := range phones {
			require.LessOrEqual(t, len(dialled(p)), 1)
			total += len(dialled(p))
		}
		require.Equal(t, 2, total)
	})
}

func TestCaseLateOutcomes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		number   string                                                // that the zombie tells; empty: nobody
		before   func(t *testing.T, q *autocall.Dispatcher, id string) // after the hand-out has passed on to p2
		event    autocall.Event
		state    autocall.State
		handsOut bool // p2 is still told its mid
	}{
		{"answered, while another phone rings", numberA, nil, autocall.EventLate, autocall.Answered, false},
		{"nobody, while another phone rings", "", nil, autocall.EventIgnored, autocall.Ringing, true},
		{"answered, after it was cancelled", numberA, func(t *testing.T, q *autocall.Dispatcher, id string) {
			_, err := q.Cancel(t.Context(), id, "x")
			require.NoError(t, err)
		}, autocall.EventIgnored, autocall.Cancelled, false},
		{"answered, after it had expired", numberA, func(t *testing.T, q *autocall.Dispatcher, id string) {
			pass(time.Hour)
			next(t, q, "p3")
			require.Equal(t, autocall.Expired, get(t, q, id).State)
		}, autocall.EventLate, autocall.Answered, false},
		{"answered, after it was exhausted", numberA, func(t *testing.T, q *autocall.Dispatcher, id string) {
			require.Equal(t, autocall.EventNobody, answer(t, q, "p2", next(t, q, "p2").Mid, ""))
			require.Equal(t, autocall.Exhausted, get(t, q, id).State)
		}, autocall.EventLate, autocall.Answered, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, nil)
				id := enqueue(t, q, autocall.Call{People: people(numberA)})
				old := next(t, q, "p1")
				pass(3 * time.Minute)
				fresh := next(t, q, "p2")
				require.Equal(t, old.Number, fresh.Number)
				require.NotEqual(t, old.Mid, fresh.Mid)
				if tt.before != nil {
					tt.before(t, q, id)
				}
				require.Equal(t, tt.event, answer(t, q, "p1", old.Mid, tt.number))
				require.Equal(t, tt.state, get(t, q, id).State)
				require.Equal(t, tt.handsOut, !next(t, q, "p2").IsZero())
				require.True(t, next(t, q, "p1").IsZero())
			})
		})
	}
}

// The second word about one hand-out.
func TestCaseSameMidTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		first, second string
		event         autocall.Event
		by            string
		cause         string
	}{
		{"answered twice", numberA, numberA, autocall.EventIgnored, numberA, "told before"},
		{"answered, then nobody", numberA, "", autocall.EventIgnored, numberA, "nobody, but the hand-out had ended"},
		{"nobody, then answered", "", numberA, autocall.EventLate, numberA, ""},
		{"nobody twice", "", "", autocall.EventIgnored, "", "nobody, but the hand-out had ended"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, nil)
			id := enqueue(t, q, autocall.Call{People: people(numberA)})
			mid := next(t, q, "p1").Mid
			answer(t, q, "p1", mid, tt.first)
			require.Equal(t, tt.event, answer(t, q, "p1", mid, tt.second))
			s := get(t, q, id)
			last := s.Audit[len(s.Audit)-1]
			require.Equal(t, tt.cause, last.Cause)
			if tt.by == "" {
				require.Equal(t, autocall.Exhausted, s.State)
				return
			}
			require.Equal(t, autocall.Answered, s.State)
			require.Equal(t, tt.by, s.By.Number)
		})
	}
}

func TestCaseUnknownMid(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	id := enqueue(t, q, autocall.Call{People: people(numberA)})
	r, err := q.Answer(t.Context(), autocall.Outcome{Phone: autocall.Phone{Name: "p1"}, Mid: id, Number: numberA})
	require.NoError(t, err)
	require.Zero(t, r)
	require.Equal(t, "queued", events(get(t, q, id)))
}

func TestCaseNumberThatWasNotHandedOut(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	id := enqueue(t, q, autocall.Call{People: people(numberA, numberB)})
	out := next(t, q, "p1")
	require.Equal(t, autocall.EventSuspicious, answer(t, q, "p1", out.Mid, numberB), "the next person, not this one")
	require.Equal(t, autocall.Ringing, get(t, q, id).State)
	require.Equal(t, out, next(t, q, "p1"))
	require.Equal(t, autocall.EventAnswered, answer(t, q, "p1", out.Mid, "187-0000 0001"))
}

// A phone that does not have the hand-out cannot end it. That somebody picked
// up is believed: the mid is as good as a password.
func TestCaseOutcomeFromAnotherPhone(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	id := enqueue(t, q, autocall.Call{People: people(numberA)})
	out := next(t, q, "p1")
	require.Equal(t, autocall.EventIgnored, answer(t, q, "p2", out.Mid, ""))
	require.Equal(t, out, next(t, q, "p1"))
	require.Equal(t, autocall.EventAnswered, answer(t, q, "p2", out.Mid, numberA))
	require.Equal(t, autocall.Answered, get(t, q, id).State)
	enqueue(t, q, autocall.Call{People: people(numberB)})
	require.True(t, next(t, q, "p1").IsZero(), "it may be ringing")
	require.False(t, next(t, q, "p2").IsZero())
}

func TestCaseResolvedBeforeTheCall(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	id := enqueue(t, q, autocall.Call{Key: "k", People: people(numberA)})
	cancelled, err := q.CancelKey(t.Context(), "k", "resolved\nagain "+numberA)
	require.NoError(t, err)
	require.Equal(t, id, cancelled)
	require.True(t, next(t, q, "p1").IsZero())
	s := get(t, q, id)
	require.Equal(t, autocall.Cancelled, s.State)
	require.Equal(t, "resolved again 187******01", s.Audit[1].Cause)
	again, err := q.CancelKey(t.Context(), "k", "")
	require.NoError(t, err)
	require.Empty(t, again)
	was, err := q.Cancel(t.Context(), id, "")
	require.NoError(t, err)
	require.False(t, was)
}

func TestCaseNobodyInAllRounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []autocall.Status
		q := newQueue(t, &autocall.QueueOptions{OnExhausted: func(_ context.Context, s autocall.Status) error {
			told = append(told, s)
			return nil
		}})
		p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), nil)
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberB), Rounds: 3, Interval: 2 * time.Minute, Severity: alert.Critical})
		stop, stopPhone := start(t, q.Run), start(t, p.Run)
		pass(50 * time.Minute)
		stopPhone()
		stop()
		require.Len(t, told, 1)
		require.Equal(t, autocall.Exhausted, told[0].State)
		require.Equal(t, id, told[0].ID)
		require.Equal(t, 3, told[0].Round)
		require.Equal(t, []string{numberA, numberB, numberA, numberB, numberA, numberB}, dialled(p))
		calls := p.Calls()
		require.GreaterOrEqual(t, calls[2].Start.Sub(calls[1].End), 2*time.Minute, "the pause between two rounds")
	})
}

func TestCasePhoneFallsSilentAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told notes
		q := newQueue(t, &autocall.QueueOptions{
			Phones: []string{"p1", "never"},
			OnPhoneSilent: func(_ context.Context, p autocall.PhoneStatus) error {
				told.add(p.Name)
				return nil
			},
		})
		defer start(t, q.Run)()
		h := newHandler(t, q, nil)
		run := func(token string, d time.Duration) {
			p := autocalltest.New(h, pathOf(token), nil)
			stop := start(t, p.Run)
			pass(d)
			stop()
		}
		run(token2, time.Minute) // p2 need not poll
		run(token1, 2*time.Minute)
		require.Empty(t, told.read())
		pass(5 * time.Minute)
		require.Equal(t, []string{"never"}, told.read(), "which counts from the start")
		pass(20 * time.Minute)
		require.Equal(t, []string{"never", "p1"}, told.read(), "once")
		run(token1, 10*time.Minute)
		require.Equal(t, []string{"never", "p1"}, told.read())
		pass(20 * time.Minute)
		require.Equal(t, []string{"never", "p1", "p1"}, told.read(), "again, after it had come back")
		all, err := q.Phones(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Equal(t, []bool{true, true, true}, []bool{all[0].Silent, all[1].Silent, all[2].Silent})
		require.Equal(t, "never", all[0].Name)
		require.True(t, all[0].Seen.IsZero(), "it was expected and not seen")
		require.False(t, all[1].Seen.IsZero())
		_, err = q.Next(t.Context(), autocall.Phone{Name: "never", Model: "m"})
		require.NoError(t, err)
		all, err = q.Phones(t.Context())
		require.NoError(t, err)
		require.False(t, all[0].Seen.IsZero())
		require.False(t, all[0].Silent)
	})
}

// A queue in memory is lost with the server. What the phone tells then finds
// nobody, and does no harm.
func TestCaseServerRestart(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v autocalltest.Version) {
		old := newQueue(t, nil)
		enqueue(t, old, autocall.Call{People: people(numberA)})
		var h atomic.Pointer[autocall.Handler]
		h.Store(newHandler(t, old, nil))
		p := autocalltest.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Load().ServeHTTP(w, r) }), pathOf(token1),
			&autocalltest.Options{Version: v, StartDelay: -1, Dial: func(string, int) autocalltest.Reply { return picksUp() }})
		stop := start(t, p.Run)
		pass(25 * time.Second) // it waits for the end of the call
		fresh := newQueue(t, nil)
		h.Store(newHandler(t, fresh, nil))
		id := enqueue(t, fresh, autocall.Call{People: people(numberB)})
		pass(5 * time.Minute)
		stop()
		require.Equal(t, autocall.Answered, get(t, fresh, id).State)
		require.Equal(t, "queued, handed out, answered", events(get(t, fresh, id)))
		require.Equal(t, []string{numberA, numberB}, dialled(p))
	})
}

// Two phones with one token are one phone to the server, and ring twice.
func TestCaseTwoPhonesWithOneToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		h := newHandler(t, q, nil)
		total := 0
		id := enqueue(t, q, autocall.Call{People: people(numberA)})
		var phones []*autocalltest.Phone
		for range 2 {
			p := autocalltest.New(h, pathOf(token1), &autocalltest.Options{Dial: func(string, int) autocalltest.Reply { return picksUp() }})
			phones = append(phones, p)
			defer start(t, p.Run)()
		}
		pass(5 * time.Minute)
		for _, p := range phones {
			total += len(dialled(p))
		}
		require.Equal(t, 2, total)
		require.Equal(t, "queued, handed out, answered, ignored", events(get(t, q, id)))
	})
}

// The phone that rings when the call expires is late too.
func TestCaseAnsweredJustAfterExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		id := enqueue(t, q, autocall.Call{People: people(numberA), Expiry: time.Minute})
		mid := next(t, q, "p1").Mid
		pass(time.Minute)
		require.True(t, next(t, q, "p1").IsZero())
		require.Equal(t, autocall.Expired, get(t, q, id).State)
		require.Equal(t, autocall.EventLate, answer(t, q, "p1", mid, numberA))
		require.Equal(t, autocall.Answered, get(t, q, id).State)
	})
}

// A phone says its model only when it polls.
func TestPhones(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	id := enqueue(t, q, autocall.Call{People: people(numberA)})
	out, err := q.Next(t.Context(), autocall.Phone{Name: "p1", Model: "MI 8"})
	require.NoError(t, err)
	next(t, q, "p0")
	all, err := q.Phones(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "p0", all[0].Name)
	require.Equal(t, id, all[1].Call)
	answer(t, q, "p1", out.Mid, numberA)
	all, err = q.Phones(t.Context())
	require.NoError(t, err)
	require.Equal(t, "MI 8", all[1].Model)
	require.Empty(t, all[1].Call)
	require.False(t, all[1].Silent)
}
