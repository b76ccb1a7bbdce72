package autocall_test

import (
	"context"
	"errors"
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
		order = append(order, next(t, q, fmt.Sprint("phone", i)).Numbers[0][10:])
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
		{"list", autocall.QueueOptions{List: 6}, "list of 6 people, want 1 to 5"},
		{"negative list", autocall.QueueOptions{List: -1}, "list of -1 people, want 1 to 5"},
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
		q := newQueue(t, &autocall.QueueOptions{List: 2, Lease: time.Minute, Deadline: 5 * time.Minute})
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberB, numberC), Expiry: 24 * time.Hour})
		first := next(t, q, "p1")
		require.Equal(t, []string{numberA, numberB}, first.Numbers)
		pass(59 * time.Second)
		require.True(t, next(t, q, "p2").IsZero())
		for range 19 { // polls renew the lease, and nothing does the deadline: twice 5 min
			require.Equal(t, first, next(t, q, "p1"))
			pass(30 * time.Second)
		}
		require.NotEqual(t, first.Mid, next(t, q, "p1").Mid)
		pass(time.Minute)
		third := next(t, q, "p2")
		require.Equal(t, "queued, handed out, handed out, lost, handed out, handed out, lost, handed out, handed out", events(get(t, q, id)))
		pass(time.Minute)
		require.Equal(t, []string{numberB, numberC}, next(t, q, "p2").Numbers, "the first of a list that was lost three times is passed over")
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
		require.Equal(t, []string{numberA}, next(t, q, "p1").Numbers, "the same people, at once")
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

func TestPolicies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zone := time.FixedZone("CST", 8*3600) // the bubble begins at 08:00 there
		policy := autocall.Policies(
			autocall.Blocklist("187 0000-0001"),
			nil,
			autocall.QuietHours(22*time.Hour, 10*time.Hour, zone, alert.Critical),
		)
		q := newQueue(t, &autocall.QueueOptions{Policy: policy})
		blocked := enqueue(t, q, autocall.Call{People: people(numberA), Severity: alert.Critical, Rounds: 3})
		urgent := enqueue(t, q, autocall.Call{People: people(numberA, numberB), Severity: alert.Critical})
		quiet := enqueue(t, q, autocall.Call{People: people(numberC), Severity: alert.Major, Expiry: 3 * time.Hour})
		require.Equal(t, []string{numberB}, next(t, q, "p1").Numbers)
		require.Equal(t, "queued, skipped, handed out", events(get(t, q, urgent)))
		require.Equal(t, "queued, skipped, next round, skipped, next round, skipped, exhausted", events(get(t, q, blocked)))
		require.True(t, next(t, q, "p2").IsZero())
		pass(2*time.Hour - time.Second)
		require.True(t, next(t, q, "p2").IsZero())
		pass(time.Minute)
		require.Equal(t, []string{numberC}, next(t, q, "p2").Numbers)
		require.Equal(t, "queued, handed out", events(get(t, q, quiet)))
	})
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		when, err := time.Parse("15:04:05", clock)
		require.NoError(t, err)
		return when
	}
	for _, tt := range []struct {
		from, to time.Duration
		clock    string
		want     autocall.Verdict
	}{
		{9 * time.Hour, 17 * time.Hour, "08:59:59", autocall.Ring},
		{9 * time.Hour, 17 * time.Hour, "09:00:00", autocall.NotNow},
		{9 * time.Hour, 17 * time.Hour, "16:59:59", autocall.NotNow},
		{9 * time.Hour, 17 * time.Hour, "17:00:00", autocall.Ring},
		{22 * time.Hour, 7*time.Hour + 30*time.Minute, "21:59:59", autocall.Ring},
		{22 * time.Hour, 7*time.Hour + 30*time.Minute, "22:00:00", autocall.NotNow},
		{22 * time.Hour, 7*time.Hour + 30*time.Minute, "07:29:59", autocall.NotNow},
		{22 * time.Hour, 7*time.Hour + 30*time.Minute, "07:30:00", autocall.Ring},
		{8 * time.Hour, 8 * time.Hour, "08:00:00", autocall.Ring},
	} {
		p := autocall.QuietHours(tt.from, tt.to, nil, alert.Critical)
		require.Equal(t, tt.want, p(at(tt.clock), alert.Major, autocall.Person{}), tt.clock)
		require.Equal(t, autocall.Ring, p(at(tt.clock), alert.Critical, autocall.Person{}), tt.clock)
	}
}

// A policy that wants some of a list later, or panics, lets the others ring.
func TestPolicyInAList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		verdicts map[string]autocall.Verdict
		want     []string
	}{
		{"all", nil, []string{numberA, numberB, numberC}},
		{"the last later", map[string]autocall.Verdict{numberC: autocall.NotNow}, []string{numberA, numberB}},
		{"the second not at all", map[string]autocall.Verdict{numberB: autocall.Skip}, []string{numberA}},
		{"the first not at all", map[string]autocall.Verdict{numberA: autocall.Skip}, []string{numberB, numberC}},
		{"the first later", map[string]autocall.Verdict{numberA: autocall.NotNow}, nil},
		{"a panic about the first", map[string]autocall.Verdict{numberA: 99}, nil},
		{"a panic about the second", map[string]autocall.Verdict{numberB: 99}, []string{numberA}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, &autocall.QueueOptions{List: 5, Policy: func(_ time.Time, _ alert.Severity, p autocall.Person) autocall.Verdict {
				if tt.verdicts[p.Number] == 99 {
					panic(errors.New(p.Number))
				}
				return tt.verdicts[p.Number]
			}})
			enqueue(t, q, autocall.Call{People: people(numberA, numberB, numberC)})
			require.Equal(t, tt.want, next(t, q, "p1").Numbers)
		})
	}
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
		{"in a list, where that dials the next", autocall.QueueOptions{List: 2}, func(t *testing.T, q *autocall.Dispatcher, id, _ string) {
			pass(40 * time.Second)
			require.False(t, next(t, q, "p1").IsZero())
			cancel(t, q, id)
		}, 130 * time.Second},
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
