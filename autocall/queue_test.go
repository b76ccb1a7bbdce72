package autocall_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

func contextEnded(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// The worst comes first, and of equals the oldest.
func TestOrder(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	want := map[string]string{}
	for i, s := range []alert.Severity{alert.Info, alert.Major, alert.Critical, alert.Major, alert.Critical, alert.Notice} {
		number := fmt.Sprintf("1870000000%d", i)
		want[number] = enqueue(t, q, autocall.Call{People: people(number), Severity: s})
	}
	var order []string
	for i := range 6 {
		order = append(order, next(t, q, fmt.Sprint("phone", i)).Number[10:])
	}
	require.Equal(t, []string{"2", "4", "1", "3", "5", "0"}, order)
	all, err := q.List(t.Context(), true, 2)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, want["18700000005"], all[0].ID, "the newest")
}

func TestQueueOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts autocall.QueueOptions
		want string
	}{
		{"lease", autocall.QueueOptions{Lease: 29 * time.Second}, "lease of 29s, want at least 30s: the app does not poll during a call"},
		{"negative lease", autocall.QueueOptions{Lease: -1}, "lease of -1ns, want at least 30s: the app does not poll during a call"},
		{"deadline", autocall.QueueOptions{Deadline: time.Minute}, "deadline of 1m0s, want the lease of 3m0s to 24h0m0s"},
		{"long deadline", autocall.QueueOptions{Deadline: 25 * time.Hour}, "deadline of 25h0m0s, want the lease of 3m0s to 24h0m0s"},
		{"step delay", autocall.QueueOptions{Deadline: 5 * time.Minute, StepDelay: 5 * time.Minute}, "step delay of 5m0s, want less than the deadline of 5m0s"},
		{"negative step delay", autocall.QueueOptions{StepDelay: -1}, "step delay of -1ns, want less than the deadline of 10m0s"},
		{"poll interval", autocall.QueueOptions{PollInterval: 4 * time.Minute}, "poll interval of 4m0s, want 1s to the lease of 3m0s"},
		{"short poll interval", autocall.QueueOptions{PollInterval: time.Millisecond}, "poll interval of 1ms, want 1s to the lease of 3m0s"},
		{"keep", autocall.QueueOptions{Keep: time.Second}, "keep of 1s, want at least a minute"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := autocall.NewMemoryQueue(&tt.opts)
			require.EqualError(t, err, "autocall: new queue: "+tt.want)
			require.False(t, alert.Retryable(err))
		})
	}
	_, err := autocall.NewMemoryQueue(&autocall.QueueOptions{Lease: 20 * time.Minute, StepDelay: 30 * time.Minute})
	require.NoError(t, err, "the deadline follows")
}

func TestLeaseAndDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, &autocall.QueueOptions{Lease: time.Minute, Deadline: 5 * time.Minute})
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberB), Expiry: 24 * time.Hour})
		first := next(t, q, "p1")
		pass(59 * time.Second)
		require.True(t, next(t, q, "p2").IsZero())
		for range 9 { // polls renew the lease, and nothing does the deadline
			require.Equal(t, first, next(t, q, "p1"))
			pass(30 * time.Second)
		}
		require.NotEqual(t, first.Mid, next(t, q, "p1").Mid)
		pass(time.Minute)
		third := next(t, q, "p2")
		require.Equal(t, "queued, handed out, lost, handed out, lost, handed out", events(get(t, q, id)))
		pass(time.Minute)
		require.Equal(t, numberB, next(t, q, "p2").Number, "who was lost three times is passed over")
		require.Equal(t, autocall.EventLate, answer(t, q, "p2", third.Mid, numberA))
	})
}

// With a step delay a phone is told the mid once, and to wait in between.
func TestStepDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, &autocall.QueueOptions{StepDelay: 75 * time.Second})
		enqueue(t, q, autocall.Call{People: people(numberA)})
		var told []int
		for i := range 20 {
			if !next(t, q, "p1").IsZero() {
				told = append(told, i*10)
			}
			pass(10 * time.Second)
		}
		require.Equal(t, []int{0, 80, 160}, told)
	})
}

func TestInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		id := enqueue(t, q, autocall.Call{Key: "k", People: people(numberA), Rounds: 3, Interval: 5 * time.Minute, Severity: alert.Major})
		answer(t, q, "p1", next(t, q, "p1").Mid, "")
		require.Equal(t, 2, get(t, q, id).Round)
		pass(5*time.Minute - time.Second)
		require.True(t, next(t, q, "p1").IsZero())
		pass(time.Second)
		answer(t, q, "p1", next(t, q, "p1").Mid, "")
		require.True(t, next(t, q, "p1").IsZero())

		joinedID, joined, err := q.Enqueue(t.Context(), autocall.Call{Key: "k", People: people(numberB), Severity: alert.Major, Message: "again"})
		require.NoError(t, err)
		require.True(t, joined)
		require.Equal(t, id, joinedID)
		require.True(t, next(t, q, "p1").IsZero(), "a repetition changes nothing")
		_, joined, err = q.Enqueue(t.Context(), autocall.Call{Key: "k", People: people(numberB), Severity: alert.Critical, Message: "worse"})
		require.NoError(t, err)
		require.True(t, joined)
		require.Equal(t, numberA, next(t, q, "p1").Number, "the same person, at once")
		s := get(t, q, id)
		require.Equal(t, "worse", s.Call.Message)
		require.Equal(t, "now critical", s.Audit[len(s.Audit)-2].Cause)
	})
}

// A call that has expired is not joined, though nobody has noticed its end.
func TestKeyOfAnExpiredCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		c := autocall.Call{Key: "k", People: people(numberA)}
		first := enqueue(t, q, c)
		pass(time.Hour)
		second := enqueue(t, q, c)
		require.NotEqual(t, first, second)
		require.Equal(t, autocall.Expired, get(t, q, first).State)
		next(t, q, "p1")
		pass(4 * time.Minute) // the lease is over, the call is not
		id, joined, err := q.Enqueue(t.Context(), c)
		require.NoError(t, err)
		require.True(t, joined)
		require.Equal(t, second, id)
	})
}

// Who is blocked is passed over; what is held by quiet hours or by a limit rings
// later, and does not grow old meanwhile.
func TestRing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zone := time.FixedZone("CST", 8*3600) // the bubble begins at 08:00 there
		q := newQueue(t, &autocall.QueueOptions{Ring: ringer(t, alert.RingPolicy{
			Block: []string{"+86 187 0000-0001"}, Limits: []alert.Limit{{Calls: 1, Per: time.Hour}},
			Quiet: []alert.QuietHours{{From: 22 * time.Hour, To: 10 * time.Hour, Zone: zone}},
		})})
		blocked := enqueue(t, q, autocall.Call{People: people(numberA), Severity: alert.Critical, Rounds: 3})
		urgent := enqueue(t, q, autocall.Call{People: people(numberA, numberB), Severity: alert.Critical})
		quiet := enqueue(t, q, autocall.Call{People: people(numberC), Severity: alert.Major})
		require.Equal(t, numberB, next(t, q, "p1").Number)
		require.Equal(t, "queued, skipped, handed out", events(get(t, q, urgent)))
		require.Equal(t, "queued, skipped, next round, skipped, next round, skipped, exhausted", events(get(t, q, blocked)))
		require.Equal(t, "the block list", get(t, q, blocked).Audit[1].Cause)
		require.True(t, next(t, q, "p2").IsZero())
		pass(2*time.Hour - time.Second)
		require.True(t, next(t, q, "p2").IsZero())
		pass(time.Second)
		require.Equal(t, numberC, next(t, q, "p2").Number, "though its hour would be over")
		require.Equal(t, "queued, held, handed out", events(get(t, q, quiet)))
		require.Equal(t, "quiet hours", get(t, q, quiet).Audit[1].Cause)
		require.Equal(t, 3*time.Hour, get(t, q, quiet).Expires.Sub(get(t, q, quiet).Created))

		second := enqueue(t, q, autocall.Call{People: people(numberC, numberB)})
		require.Equal(t, numberB, next(t, q, "p3").Number, "somebody else may be rung")
		require.Equal(t, "queued, skipped, handed out", events(get(t, q, second)))
	})
}

// By default nobody is rung more than three times in a quarter of an hour, however
// many rounds were asked for, and all of them are made in the end.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, err := autocall.NewMemoryQueue(nil)
		require.NoError(t, err)
		id := enqueue(t, q, autocall.Call{People: people(numberA), Rounds: 10})
		var rung []time.Time
		for range 4 * 3600 {
			if out := next(t, q, "p1"); !out.IsZero() {
				rung = append(rung, time.Now())
				answer(t, q, "p1", out.Mid, "")
			}
			pass(time.Second)
		}
		require.Equal(t, autocall.Exhausted, get(t, q, id).State)
		require.Len(t, rung, 10)
		for i, at := range rung {
			require.True(t, i < 3 || at.Sub(rung[i-3]) >= 15*time.Minute)
			require.True(t, i < 7 || at.Sub(rung[i-7]) >= time.Hour)
		}
	})
}

// Who asks for other people under a known key gets them rung too.
func TestJoinAddsPeople(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	ask := func(people []autocall.Person) (id string, joined bool, err error) {
		return q.Enqueue(t.Context(), autocall.Call{Key: "k", People: people})
	}
	id, _, err := ask(people(numberA))
	require.NoError(t, err)
	for range 2 {
		again, joined, err := ask(people(numberB, numberA, numberC))
		require.NoError(t, err)
		require.True(t, joined)
		require.Equal(t, id, again)
	}
	require.Equal(t, "queued, raised", events(get(t, q, id)))
	require.Equal(t, "2 more people", get(t, q, id).Audit[1].Cause)
	var rung []string
	for out := next(t, q, "p1"); !out.IsZero(); out = next(t, q, "p1") {
		rung = append(rung, out.Number)
		answer(t, q, "p1", out.Mid, "")
	}
	require.Equal(t, []string{numberA, numberB, numberC}, rung)

	id, _, err = ask(people(numberA))
	require.NoError(t, err)
	crowd := make([]autocall.Person, autocall.MaxPeople)
	for i := range crowd {
		crowd[i].Number = fmt.Sprintf("139000000%02d", i)
	}
	_, _, err = ask(crowd)
	require.EqualError(t, err, "autocall: enqueue: the open call with this key: 21 people, at most 20")
	require.False(t, alert.Retryable(err))
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Len(t, get(t, q, id).Call.People, 1)
}

// How long a phone gets nothing else after its call was taken away.
func TestRest(t *testing.T) {
	t.Parallel()
	cancel := func(t *testing.T, q *autocall.Dispatcher, id string) {
		_, err := q.Cancel(t.Context(), id, "")
		require.NoError(t, err)
	}
	for _, tt := range []struct {
		name string
		opts autocall.QueueOptions
		then func(t *testing.T, q *autocall.Dispatcher, id, mid string) // after the hand-out
		rest time.Duration                                              // from the hand-out on
	}{
		{"cancelled", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, id, _ string) {
			cancel(t, q, id)
		}, 90 * time.Second},
		{"told the mid again meanwhile, which dials nobody", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, id, _ string) {
			pass(40 * time.Second)
			require.False(t, next(t, q, "p1").IsZero())
			cancel(t, q, id)
		}, 90 * time.Second},
		{"with a longer step delay", autocall.QueueOptions{StepDelay: 2 * time.Minute}, func(t *testing.T, q *autocall.Dispatcher, id, _ string) {
			cancel(t, q, id)
		}, 120 * time.Second},
		{"expired", autocall.QueueOptions{}, func(*testing.T, *autocall.Dispatcher, string, string) {
			pass(time.Minute)
		}, 90 * time.Second},
		{"answered, as another phone tells", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, _, mid string) {
			answer(t, q, "p2", mid, numberA)
		}, 90 * time.Second},
		{"cancelled, and then the phone tells that nobody picked up", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, id, mid string) {
			cancel(t, q, id)
			pass(10 * time.Second)
			require.Equal(t, autocall.EventIgnored, answer(t, q, "p1", mid, ""))
		}, 10 * time.Second},
		{"cancelled, and then the phone tells that somebody did", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, id, mid string) {
			cancel(t, q, id)
			pass(10 * time.Second)
			require.Equal(t, autocall.EventIgnored, answer(t, q, "p1", mid, numberA))
		}, 10 * time.Second},
		{"answered", autocall.QueueOptions{}, func(t *testing.T, q *autocall.Dispatcher, _, mid string) {
			pass(30 * time.Second)
			answer(t, q, "p1", mid, numberA)
		}, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, &tt.opts)
				began := time.Now()
				id := enqueue(t, q, autocall.Call{People: people(numberA, numberB), Expiry: time.Minute})
				mid := next(t, q, "p1").Mid
				enqueue(t, q, autocall.Call{People: people(numberC)})
				tt.then(t, q, id, mid)
				for next(t, q, "p1").IsZero() {
					require.False(t, get(t, q, id).State.Open())
					all, err := q.Phones(t.Context())
					require.NoError(t, err)
					require.Empty(t, all[0].Call)
					pass(time.Second)
				}
				require.Equal(t, tt.rest, time.Since(began))
			})
		})
	}
}
