package autocall_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/autocall"
)

// newSender returns a Sender that rings two people.
func newSender(t *testing.T, q autocall.Queue, opts *autocall.SenderOptions) *autocall.Sender {
	t.Helper()
	s, err := autocall.NewSender(q, people(numberA, numberB), opts)
	require.NoError(t, err)
	return s
}

// fire and over make alerts about problems.
func fire(key string, s alert.Severity) alert.Alert {
	return alert.Alert{Source: "test", Key: key, Name: "disk " + key, Severity: s}
}

func over(key string) alert.Alert {
	return alert.Alert{Source: "test", Key: key, Name: "disk " + key, Status: alert.Resolved, Severity: alert.Critical}
}

func news(key string) alert.Alert {
	return alert.Alert{Source: "test", Key: key, Status: alert.News, Severity: alert.Critical}
}

func trial(a alert.Alert) alert.Alert {
	a.Test = true
	return a
}

// openCalls returns the messages of the open calls, the newest first.
func openCalls(t *testing.T, q autocall.Queue) []autocall.Call {
	t.Helper()
	all, err := q.List(t.Context(), true, 0)
	require.NoError(t, err)
	var calls []autocall.Call
	for _, s := range all {
		calls = append(calls, s.Call)
	}
	return calls
}

func TestSenderMakesOneCallOfManyAlerts(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	s := newSender(t, q, &autocall.SenderOptions{Locale: alert.English, Rounds: 3, Interval: time.Minute, Expiry: 2 * time.Hour})
	require.NoError(t, s.Send(t.Context(), fire("a", alert.Notice), fire("b", alert.Critical), over("c"), fire("b", alert.Warning)))
	calls := openCalls(t, q)
	require.Len(t, calls, 1)
	c := calls[0]
	require.Equal(t, alert.Critical, c.Severity)
	require.Equal(t, people(numberA, numberB), c.People)
	require.Equal(t, 3, c.Rounds)
	require.Equal(t, time.Minute, c.Interval)
	require.Equal(t, 2*time.Hour, c.Expiry)
	require.Equal(t, "Alert, 4 alerts, Critical, disk b, 1 like this, 3 more", c.Message)
	require.NotContains(t, c.Key, "disk")
}

// anyTime returns a Ringer that bounds no number of calls.
func anyTime(t *testing.T, tests bool) *alert.Ringer {
	t.Helper()
	return ringer(t, alert.RingPolicy{Window: -1, Limits: []alert.Limit{}, Tests: tests})
}

// Which Sends join a call and which cancel it.
func TestSenderJoinsAndCancels(t *testing.T) {
	t.Parallel()
	sends := func(all ...[]alert.Alert) [][]alert.Alert { return all }
	a, b := fire("a", alert.Warning), fire("b", alert.Warning)
	keyless := alert.Alert{Name: "n", Instance: "i"}
	keylessOver := keyless
	keylessOver.Status = alert.Resolved
	many := make([]alert.Alert, 41)
	manyOver := make([]alert.Alert, len(many))
	for i := range many {
		many[i], manyOver[i] = fire(fmt.Sprint(i), alert.Warning), over(fmt.Sprint(i))
	}
	for _, tt := range []struct {
		name  string
		sends [][]alert.Alert
		open  int
		calls int
	}{
		{"repeated", sends([]alert.Alert{a}, []alert.Alert{a}), 1, 1},
		{"another", sends([]alert.Alert{a}, []alert.Alert{b}), 2, 2},
		{"repeated in another order", sends([]alert.Alert{a, b}, []alert.Alert{b, a, b}), 1, 1},
		{"a part of it", sends([]alert.Alert{a, b}, []alert.Alert{b}), 1, 1},
		{"more than it", sends([]alert.Alert{a}, []alert.Alert{a, b}), 2, 2},
		{"over", sends([]alert.Alert{a}, []alert.Alert{over("a")}), 0, 1},
		{"over, and another goes on", sends([]alert.Alert{a}, []alert.Alert{b}, []alert.Alert{over("a")}), 1, 2},
		{"one of two is over", sends([]alert.Alert{a, b}, []alert.Alert{over("a")}), 1, 1},
		{"both are over", sends([]alert.Alert{a, b}, []alert.Alert{over("b"), over("a")}), 0, 1},
		{"both and a third are over", sends([]alert.Alert{a, b}, []alert.Alert{over("b"), over("c"), over("a")}), 0, 1},
		{"over, then again", sends([]alert.Alert{a}, []alert.Alert{over("a"), a}), 1, 1},
		{"fires and is over at once", sends([]alert.Alert{a, over("a")}), 0, 0},
		{"one over, one new", sends([]alert.Alert{a}, []alert.Alert{over("a"), b}), 1, 2},
		{"nothing to cancel", sends([]alert.Alert{over("a")}), 0, 0},
		{"no key, by name", sends([]alert.Alert{keyless}, []alert.Alert{keyless}), 1, 1},
		{"no key, over", sends([]alert.Alert{keyless}, []alert.Alert{keylessOver}), 0, 1},
		{"zero alerts", sends([]alert.Alert{{}}, []alert.Alert{{}}), 1, 1},
		{"key and name are two things", sends([]alert.Alert{{Key: "x"}}, []alert.Alert{{Name: "x"}}), 2, 2},
		{"more than a key names", sends(many, many), 1, 1},
		{"more than a key names, over", sends(many, manyOver), 0, 1},
		{"more than a key names, some over", sends(many, manyOver[:40]), 1, 1},
		{"the same key of another source", sends([]alert.Alert{a}, []alert.Alert{{Source: "x", Key: "a", Name: "disk a"}}), 2, 2},
		{"news are no recovery", sends([]alert.Alert{a}, []alert.Alert{news("a")}), 1, 1},
		{"news ring nobody", sends([]alert.Alert{news("a"), over("a")}), 0, 0},
		{"news behind a problem", sends([]alert.Alert{a, news("a")}), 1, 1},
		{"a test is another problem", sends([]alert.Alert{a}, []alert.Alert{trial(a)}), 2, 2},
		{"a test that is over ends none", sends([]alert.Alert{a}, []alert.Alert{trial(over("a"))}), 1, 1},
		{"what is real ends no test", sends([]alert.Alert{trial(a)}, []alert.Alert{over("a")}), 1, 1},
		{"a test that is over", sends([]alert.Alert{trial(a)}, []alert.Alert{trial(over("a"))}), 0, 1},
		{"tests without a key", sends([]alert.Alert{keyless}, []alert.Alert{trial(keyless)}), 2, 2},
		{"no data is no recovery", sends([]alert.Alert{a}, []alert.Alert{{Source: "test", Key: "a", Status: alert.NoData}}), 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, nil)
			s := newSender(t, q, &autocall.SenderOptions{Ring: anyTime(t, true)})
			other := newSender(t, q, &autocall.SenderOptions{Name: "other", Ring: anyTime(t, true)})
			require.NoError(t, other.Send(t.Context(), tt.sends[0][0]))
			other1 := len(openCalls(t, q))
			for _, alerts := range tt.sends {
				require.NoError(t, s.Send(t.Context(), alerts...))
			}
			require.Len(t, openCalls(t, q), tt.open+other1, "calls of another Sender are left alone")
			all, err := q.List(t.Context(), false, 0)
			require.NoError(t, err)
			require.Len(t, all, tt.calls+other1)
		})
	}
}

// No phone rings for a test unless its owner wants that.
func TestSenderTests(t *testing.T) {
	t.Parallel()
	q, log := newQueue(t, nil), &strings.Builder{}
	s := newSender(t, q, &autocall.SenderOptions{Logger: slog.New(slog.NewTextHandler(log, nil))})
	id, err := s.Place(t.Context(), trial(fire("a", alert.Critical)))
	require.NoError(t, err)
	require.Empty(t, id)
	require.Contains(t, log.String(), "level=INFO msg=\"no phone rings for tests\" tests=1")
	require.NoError(t, s.Send(t.Context(), trial(fire("a", alert.Critical)), fire("b", alert.Notice)))
	c := openCalls(t, q)[0]
	require.Equal(t, alert.Notice, c.Severity)
	require.False(t, c.Test)
	require.Equal(t, "告警通知，通知，disk b", c.Message)

	q = newQueue(t, nil)
	s = newSender(t, q, &autocall.SenderOptions{Ring: anyTime(t, true)})
	require.NoError(t, s.Send(t.Context(), trial(fire("a", alert.Critical)), fire("b", alert.Notice)))
	c = openCalls(t, q)[0]
	require.Equal(t, alert.Notice, c.Severity, "that of what is real")
	require.False(t, c.Test)
	require.NoError(t, s.Send(t.Context(), trial(fire("c", alert.Critical)), over("d")))
	c = openCalls(t, q)[0]
	require.Equal(t, alert.Critical, c.Severity)
	require.True(t, c.Test)
}

// A problem that becomes worse raises the call, and need not wait any more.
func TestSenderRaises(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, &autocall.QueueOptions{Ring: ringer(t, alert.RingPolicy{Quiet: []alert.QuietHours{{To: 24 * time.Hour}}})})
		s := newSender(t, q, nil)
		require.NoError(t, s.Send(t.Context(), fire("a", alert.Warning)))
		require.True(t, next(t, q, "p1").IsZero())
		require.NoError(t, s.Send(t.Context(), fire("a", alert.Critical)))
		require.Len(t, openCalls(t, q), 1)
		require.Equal(t, numberA, next(t, q, "p1").Number)
		require.NoError(t, s.Send(t.Context(), fire("a", alert.Warning)))
		c := openCalls(t, q)[0]
		require.Equal(t, alert.Critical, c.Severity)
		require.Contains(t, c.Message, "紧急")
	})
}

func TestNewSender(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	for _, tt := range []struct {
		name   string
		queue  autocall.Queue
		people []autocall.Person
		opts   *autocall.SenderOptions
		want   string
	}{
		{"no queue", nil, people(numberA), nil, "no queue"},
		{"nobody", q, nil, nil, "nobody to ring"},
		{"no number", q, people(numberA, "**21*18700000001#"), nil, "person 2: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"name", q, people(numberA), &autocall.SenderOptions{Name: "a.b"}, "Name must be at most 64 letters, digits and hyphens"},
		{"long name", q, people(numberA), &autocall.SenderOptions{Name: strings.Repeat("a", 65)}, "Name must be at most 64 letters, digits and hyphens"},
		{"rounds", q, people(numberA), &autocall.SenderOptions{Rounds: 11}, "11 rounds, want 1 to 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := autocall.NewSender(tt.queue, tt.people, tt.opts)
			require.EqualError(t, err, "autocall: new sender: "+tt.want)
		})
	}
}

// A Sender over a queue in memory meets the duties of all Senders.
func TestSenderConformance(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		t.Helper()
		q := &faulty{Queue: newQueue(t, nil)}
		s := &counting{Sender: newSender(t, q, &autocall.SenderOptions{Locale: alert.English, Ring: anyTime(t, true)}), queue: q}
		return &alerttest.Harness{
			Sender:     s,
			Messages:   q.enqueues,
			Delivered:  func() int { return q.counted(t) + s.resolved() },
			Saw:        func(text string) bool { return strings.Contains(q.messages(), text) },
			Refuse:     func() { q.set("refuse") },
			Busy:       func() { q.set("busy") },
			Hang:       q.hang,
			Secrets:    []string{numberA, numberB},
			OneMessage: true,
		}
	})
}
