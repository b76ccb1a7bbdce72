package alert_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

const hour = time.Hour

// A step sends one alert some time after the step before.
type step struct {
	after time.Duration
	alert alert.Alert
	fail  bool // the wrapped Sender refuses it
	sent  bool // it reaches the wrapped Sender
}

func TestDedup(t *testing.T) {
	t.Parallel()
	firing := alert.Alert{Key: "k"}
	resolved := alert.Alert{Key: "k", Status: alert.Resolved}
	noData := alert.Alert{Key: "k", Status: alert.NoData}
	critical := alert.Alert{Key: "k", Severity: alert.Critical}
	id := func(a alert.Alert, id string) alert.Alert { a.ID = id; return a }
	news := alert.Alert{Key: "k", Status: alert.News}
	test := func(a alert.Alert) alert.Alert { a.Test = true; return a }
	from := func(a alert.Alert, source string) alert.Alert { a.Source = source; return a }
	tests := []struct {
		name  string
		steps []step
	}{
		{"same again", []step{{alert: firing, sent: true}, {alert: firing}, {alert: firing}}},
		{"another key", []step{{alert: firing, sent: true}, {alert: alert.Alert{Key: "l"}, sent: true}}},
		{"neither key nor ID", []step{{alert: alert.Alert{Name: "n"}, sent: true}, {alert: alert.Alert{Name: "n"}, sent: true}}},
		{"within the window", []step{{alert: firing, sent: true}, {after: hour - 1, alert: firing}}},
		{"after the window", []step{{alert: firing, sent: true}, {after: hour, alert: firing, sent: true}}},
		{"a drop does not prolong", []step{{alert: firing, sent: true}, {after: hour / 2, alert: firing}, {after: hour / 2, alert: firing, sent: true}}},
		{"accepted again begins again", []step{
			{alert: firing, sent: true}, {after: hour, alert: firing, sent: true}, {after: hour - 1, alert: firing},
		}},
		{"status changes", []step{
			{alert: firing, sent: true}, {alert: resolved, sent: true}, {alert: resolved}, {alert: firing, sent: true}, {alert: firing},
		}},
		{"the old status expires alone", []step{
			{alert: firing, sent: true}, {after: hour / 2, alert: resolved, sent: true},
			{after: hour / 2, alert: resolved}, {after: hour / 2, alert: resolved, sent: true},
		}},
		{"worse begins the window again", []step{
			{alert: firing, sent: true}, {after: hour / 2, alert: critical, sent: true},
			{after: hour / 2, alert: critical}, {after: hour / 2, alert: critical, sent: true},
		}},
		{"the window again, between others", []step{
			{alert: alert.Alert{Key: "j"}, sent: true}, {alert: firing, sent: true}, {alert: alert.Alert{Key: "l"}, sent: true},
			{after: hour / 2, alert: critical, sent: true}, {after: hour / 2, alert: critical},
			{alert: alert.Alert{Key: "j"}, sent: true}, {alert: alert.Alert{Key: "l"}, sent: true},
		}},
		{"no data is a status", []step{{alert: firing, sent: true}, {alert: noData, sent: true}, {alert: noData}, {alert: firing, sent: true}}},
		{"worse is news", []step{{alert: firing, sent: true}, {alert: critical, sent: true}, {alert: critical}, {alert: firing}}},
		{"less is not", []step{{alert: critical, sent: true}, {alert: firing}}},
		{"worse expired", []step{
			{alert: critical, sent: true}, {after: hour, alert: firing, sent: true}, {alert: critical, sent: true},
		}},
		{"failure is not remembered", []step{
			{alert: firing, fail: true, sent: true}, {alert: firing, fail: true, sent: true}, {alert: firing, sent: true}, {alert: firing},
		}},
		{"failure keeps what was remembered", []step{
			{alert: firing, sent: true}, {alert: critical, fail: true, sent: true}, {alert: firing}, {alert: critical, sent: true},
		}},
		{"failed change of status", []step{
			{alert: firing, sent: true}, {alert: resolved, fail: true, sent: true}, {alert: firing, sent: true},
		}},
		{"redelivery", []step{{alert: alert.Alert{ID: "1"}, sent: true}, {alert: alert.Alert{ID: "1"}}}},
		{"redelivery after a change of status", []step{
			{alert: id(firing, "1"), sent: true}, {alert: id(resolved, "2"), sent: true},
			{alert: id(firing, "1")}, {alert: id(resolved, "2")}, {alert: id(resolved, "3")}, {alert: id(firing, "4"), sent: true},
		}},
		{"redelivery of a dropped event after a change of status", []step{
			{alert: id(firing, "1"), sent: true}, {alert: id(firing, "2")}, {alert: id(resolved, "3"), sent: true}, {alert: id(firing, "2")},
		}},
		{"redelivery of a failed event", []step{
			{alert: id(firing, "1"), fail: true, sent: true}, {alert: id(firing, "1"), sent: true}, {alert: id(firing, "1")},
		}},
		{"redelivery after the window", []step{
			{alert: id(firing, "1"), sent: true}, {after: hour, alert: id(firing, "1"), sent: true},
		}},
		{"same ID of another source", []step{
			{alert: from(alert.Alert{ID: "1"}, "a"), sent: true}, {alert: from(alert.Alert{ID: "1"}, "b"), sent: true},
		}},
		{"same key of another source", []step{{alert: from(firing, "a"), sent: true}, {alert: from(firing, "b"), sent: true}}},
		{"source and ID do not run together", []step{
			{alert: from(alert.Alert{ID: "bc"}, "a"), sent: true}, {alert: from(alert.Alert{ID: "c"}, "ab"), sent: true},
		}},
		{"a test is not the real one", []step{
			{alert: test(id(firing, "1")), sent: true}, {alert: id(firing, "1"), sent: true}, {alert: test(id(firing, "1"))}, {alert: id(firing, "1")},
			{alert: test(id(resolved, "2")), sent: true}, {alert: id(firing, "3")}, {alert: id(resolved, "2"), sent: true},
		}},
		{"news are never a repetition by their key", []step{
			{alert: id(news, "1"), sent: true}, {alert: id(news, "2"), sent: true}, {alert: id(news, "2")}, {alert: news, sent: true}, {alert: news, sent: true},
		}},
		{"news say nothing of the problem", []step{{alert: firing, sent: true}, {alert: news, sent: true}, {alert: firing}}},
		{"a key is not an ID", []step{{alert: alert.Alert{ID: "k"}, sent: true}, {alert: firing, sent: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var r alerttest.Recorder
				d := alert.Dedup(hour)(&r)
				for i, s := range tt.steps {
					<-time.After(s.after)
					refused := errors.New("refused")
					if s.fail {
						r.Fail(refused)
					}
					before := len(r.Calls())
					err := d.Send(t.Context(), s.alert)
					require.Equal(t, s.sent, len(r.Calls()) > before, "step %d", i)
					if s.fail {
						require.Equal(t, refused, err, "step %d: an error about all of them stays as it is", i)
					} else {
						require.NoError(t, err, "step %d", i)
					}
				}
			})
		})
	}
}

func TestDedupSwitchedOff(t *testing.T) {
	t.Parallel()
	for _, window := range []time.Duration{0, -1} {
		var r alerttest.Recorder
		require.Same(t, &r, alert.Dedup(window)(&r))
	}
}

func TestDedupHasAMemoryForEachSender(t *testing.T) {
	t.Parallel()
	var a, b alerttest.Recorder
	mw := alert.Dedup(hour)
	require.NoError(t, mw(&a).Send(t.Context(), alert.Alert{Key: "k"}))
	require.NoError(t, mw(&b).Send(t.Context(), alert.Alert{Key: "k"}))
	require.Len(t, a.Accepted(), 1)
	require.Len(t, b.Accepted(), 1)
}

func TestDedupWithinOneCall(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	k := func(key, name string) alert.Alert { return alert.Alert{Key: key, Name: name} }
	tests := []struct {
		name   string
		give   []alert.Alert
		answer []error
		sent   []string
		failed []int
	}{
		{name: "copies share success", give: []alert.Alert{k("a", "0"), k("b", "1"), k("a", "2")}, sent: []string{"0", "1"}},
		{name: "copies share failure", give: []alert.Alert{k("a", "0"), k("b", "1"), k("a", "2")},
			answer: []error{refused}, sent: []string{"0", "1"}, failed: []int{0, 2}},
		{name: "another fails", give: []alert.Alert{k("a", "0"), k("a", "1"), k("b", "2")},
			answer: []error{nil, refused}, sent: []string{"0", "2"}, failed: []int{2}},
		{name: "worse comes after", give: []alert.Alert{k("a", "0"), {Key: "a", Name: "1", Severity: alert.Major}, k("a", "2")},
			answer: []error{nil, refused}, sent: []string{"0", "1"}, failed: []int{1, 2}},
		{name: "there and back", give: []alert.Alert{k("a", "0"), {Key: "a", Name: "1", Status: alert.Resolved}, k("a", "2")},
			sent: []string{"0", "1", "2"}},
		{name: "same event", give: []alert.Alert{{ID: "1", Name: "0"}, {ID: "1", Name: "1"}, {ID: "2", Name: "2"}},
			sent: []string{"0", "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r alerttest.Recorder
			r.FailEach(tt.answer...)
			err := alert.Dedup(hour)(&r).Send(t.Context(), tt.give...)
			requireFailed(t, err, len(tt.give), tt.failed...)
			var sent []string
			for _, a := range r.Calls()[0] {
				sent = append(sent, a.Name)
			}
			require.Equal(t, tt.sent, sent)
			require.Len(t, r.Calls(), 1)
		})
	}
}

// A partial failure forgets exactly what failed.
func TestDedupForgetsWhatFailed(t *testing.T) {
	t.Parallel()
	refused := answer{after: time.Minute}
	var r alerttest.Recorder
	d := alert.Dedup(hour)(&r)
	alerts := storm(4, 4)
	require.NoError(t, d.Send(t.Context(), alerts[0]))
	r.FailEach(nil, refused)
	err := d.Send(t.Context(), alerts...) // sends 1, 2 and 3; 2 fails
	requireFailed(t, err, 4, 2)
	require.Equal(t, refused, alert.ErrorAt(err, 2, 4))
	require.Equal(t, time.Minute, alert.RetryAfter(err))
	require.NoError(t, d.Send(t.Context(), alerts...))
	require.Equal(t, alerts[2:3], r.Calls()[2])
}

// Copies of what failed inside one call leave no trace either.
func TestDedupRemembersCopiesOfTheAccepted(t *testing.T) {
	t.Parallel()
	var r alerttest.Recorder
	d := alert.Dedup(hour)(&r)
	firing := func(id string) alert.Alert { return alert.Alert{Key: "k", ID: id} }
	r.FailEach(errors.New("refused"))
	require.Error(t, d.Send(t.Context(), firing("1"), firing("2")))
	require.NoError(t, d.Send(t.Context(), firing("1"), firing("2")))
	require.Len(t, r.Calls(), 2)
	require.NoError(t, d.Send(t.Context(), alert.Alert{Key: "k", Status: alert.Resolved}))
	require.NoError(t, d.Send(t.Context(), firing("2")), "the copy is remembered though it was never sent")
	require.Len(t, r.Calls(), 3)
}

// A gate holds up each call until it is told the outcome.
type gate struct {
	recorder alerttest.Recorder
	outcome  chan error
}

func newGate() *gate { return &gate{outcome: make(chan error)} }

func (g *gate) Send(ctx context.Context, alerts ...alert.Alert) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.recorder.Next(func(context.Context, ...alert.Alert) error { return <-g.outcome })
	return g.recorder.Send(ctx, alerts...)
}

// start sends in a goroutine and returns once that is blocked or done.
func start(ctx context.Context, s alert.Sender, alerts ...alert.Alert) <-chan error {
	result := make(chan error, 1)
	go func() { result <- s.Send(ctx, alerts...) }()
	synctest.Wait()
	return result
}

func TestDedupCopyWaitsForOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		d := alert.Dedup(hour)(g)
		a := alert.Alert{Key: "k", ID: "1"}
		first := start(t.Context(), d, a)
		copies := []<-chan error{
			start(t.Context(), d, a),
			start(t.Context(), d, alert.Alert{Key: "k"}),
			start(t.Context(), d, alert.Alert{Key: "k", ID: "2", Severity: alert.Info}),
		}
		require.Len(t, g.recorder.Calls(), 1, "the copies wait")
		g.outcome <- nil
		require.NoError(t, <-first)
		for _, c := range copies {
			require.NoError(t, <-c)
		}
		require.Len(t, g.recorder.Calls(), 1, "and need not be sent")

		resolved := start(t.Context(), d, alert.Alert{Key: "k", Status: alert.Resolved})
		g.outcome <- nil
		require.NoError(t, <-resolved)
		require.NoError(t, d.Send(t.Context(), alert.Alert{Key: "k", ID: "2"}), "the event of a copy is remembered")
		require.Len(t, g.recorder.Calls(), 2)
	})
}

func TestDedupCopyIsSentIfTheFirstFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		d := alert.Dedup(hour)(g)
		a := alert.Alert{Key: "k"}
		refused := errors.New("refused")
		first := start(t.Context(), d, a)
		second, third := start(t.Context(), d, a), start(t.Context(), d, a)
		g.outcome <- refused
		require.Equal(t, refused, <-first)
		synctest.Wait()
		require.Len(t, g.recorder.Calls(), 2, "one of the two sends, the other waits for it")
		g.outcome <- nil
		require.NoError(t, <-second)
		require.NoError(t, <-third)
		require.Len(t, g.recorder.Calls(), 2)
	})
}

func TestDedupWaitHonoursContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		d := alert.Dedup(hour)(g)
		first := start(t.Context(), d, alert.Alert{Key: "k"})
		ctx, cancel := context.WithCancelCause(t.Context())
		second := start(ctx, d, alert.Alert{Key: "k"})
		cancel(errors.New("the cause of the caller"))
		err := <-second
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, alert.Retryable(err))
		require.NotErrorIs(t, err, alert.ErrUncertain, "this copy was not sent")
		g.outcome <- nil
		require.NoError(t, <-first)
	})
}

// Two calls that carry each other's copies must not wait for each other.
func TestDedupCrossedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		d := alert.Dedup(hour)(g)
		a, b, c := alert.Alert{Key: "a"}, alert.Alert{Key: "b"}, alert.Alert{Key: "c"}
		first := start(t.Context(), d, a, b)
		second := start(t.Context(), d, b, c, a)
		third := start(t.Context(), d, c, a)
		g.outcome <- nil
		g.outcome <- nil
		require.NoError(t, <-first)
		require.NoError(t, <-second)
		require.NoError(t, <-third)
		require.Len(t, g.recorder.Accepted(), 3)
	})
}

// While a firing alert waits, the resolved one behind it in the same call
// must not overtake it.
func TestDedupKeepsOrderWithinAKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		d := alert.Dedup(hour)(g)
		firing := alert.Alert{Key: "k", Name: "firing"}
		resolved := alert.Alert{Key: "k", Name: "resolved", Status: alert.Resolved}
		first := start(t.Context(), d, firing)
		second := start(t.Context(), d, firing, resolved, alert.Alert{Key: "x", Name: "x"})
		require.Len(t, g.recorder.Calls(), 2, "x does not wait")
		g.outcome <- errors.New("refused")
		g.outcome <- errors.New("refused")
		err := <-first
		require.Error(t, err)
		synctest.Wait()
		calls := g.recorder.Calls()
		require.Len(t, calls, 3)
		require.Equal(t, []alert.Alert{firing, resolved}, calls[2])
		g.outcome <- nil
		requireFailed(t, <-second, 3, 2)
	})
}

// A firing alert that is still under way when its problem is resolved brings
// late news: it must not be taken for the state of the problem.
func TestDedupLateOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, quick := newGate(), newGate()
		var next alert.Sender = slow
		d := alert.Dedup(hour)(alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			return next.Send(ctx, alerts...)
		}))
		firing, resolved := alert.Alert{Key: "k"}, alert.Alert{Key: "k", Status: alert.Resolved}
		first := start(t.Context(), d, firing)
		waiting := start(t.Context(), d, firing)
		next = quick
		second := start(t.Context(), d, resolved)
		quick.outcome <- nil
		require.NoError(t, <-second)
		slow.outcome <- nil
		require.NoError(t, <-first)
		require.NoError(t, <-waiting, "its copy arrived")
		require.Len(t, slow.recorder.Calls(), 1)

		require.NoError(t, d.Send(t.Context(), resolved), "known")
		third := start(t.Context(), d, firing)
		quick.outcome <- nil
		require.NoError(t, <-third)
		require.Len(t, quick.recorder.Calls(), 2, "the problem is back: that is news")
	})
}

// Nor does its late failure end what is known of the state since.
func TestDedupLateFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		proceed := make(chan struct{})
		r.Next(func(context.Context, ...alert.Alert) error { <-proceed; return errors.New("refused") })
		d := alert.Dedup(hour)(&r)
		resolved := alert.Alert{Key: "k", Status: alert.Resolved}
		first := start(t.Context(), d, alert.Alert{Key: "k"})
		require.NoError(t, d.Send(t.Context(), resolved))
		close(proceed)
		require.Error(t, <-first)
		require.NoError(t, d.Send(t.Context(), resolved))
		require.Len(t, r.Calls(), 2, "the second resolved alert is a copy")
	})
}

func TestDedupReleasesCopiesWhenTheSenderPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		proceed := make(chan struct{})
		r.Next(func(context.Context, ...alert.Alert) error { <-proceed; panic("bug") })
		d := alert.Dedup(hour)(&r)
		first := start(t.Context(), alert.Fanout(d), alert.Alert{Key: "k"})
		second := start(t.Context(), d, alert.Alert{Key: "k"})
		close(proceed)
		require.ErrorContains(t, <-first, "panic")
		require.NoError(t, <-second)
		require.Len(t, r.Accepted(), 1)
	})
}

// Whatever happens at once, each problem that can be accepted is accepted
// exactly once.
func TestDedupUnderContention(t *testing.T) {
	t.Parallel()
	var r alerttest.Recorder
	for i := range 40 {
		if i%3 == 0 {
			r.FailEach(nil, errors.New("refused"))
		} else {
			r.Fail(errors.New("refused"))
		}
	}
	d := alert.Dedup(hour)(&r)
	const callers = 16
	done := make(chan error, callers)
	for c := range callers {
		go func() {
			var alerts []alert.Alert
			for i := range 10 {
				alerts = append(alerts, alert.Alert{Key: fmt.Sprint((c + i) % 13), ID: fmt.Sprint((c + i) % 13)})
			}
			for d.Send(t.Context(), alerts...) != nil {
			}
			done <- nil
		}()
	}
	for range callers {
		<-done
	}
	seen := map[string]int{}
	for _, a := range r.Accepted() {
		seen[a.Key]++
	}
	require.Len(t, seen, 13)
	for key, n := range seen {
		require.Equal(t, 1, n, key)
	}
}

// A storm leaves nothing behind once its window has passed.
func TestDedupMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := alert.Dedup(hour)(alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil }))
		alerts := storm(20_000, 20_000)
		require.NoError(t, d.Send(t.Context(), alerts...))
		known, queued := alert.DedupSize(d)
		require.Equal(t, 40_000, known, "a Key and an ID each")
		require.Equal(t, 40_000, queued)

		<-time.After(hour / 2)
		require.NoError(t, d.Send(t.Context(), alerts...))
		known, queued = alert.DedupSize(d)
		require.Equal(t, 40_000, known, "copies cost nothing")
		require.Equal(t, 40_000, queued)

		<-time.After(hour / 2)
		require.NoError(t, d.Send(t.Context(), alert.Alert{Key: "k"}))
		known, queued = alert.DedupSize(d)
		require.Equal(t, 1, known)
		require.Equal(t, 1, queued)
		require.NoError(t, d.Send(t.Context(), alert.Alert{Key: "k"}), "and still works")
		known, _ = alert.DedupSize(d)
		require.Equal(t, 1, known)
	})
}

// A failing far end leaves nothing behind either.
func TestDedupKeepsNothingOfFailures(t *testing.T) {
	t.Parallel()
	d := alert.Dedup(hour)(alert.SenderFunc(func(context.Context, ...alert.Alert) error { return errors.New("refused") }))
	require.Error(t, d.Send(t.Context(), storm(100, 100)...))
	known, queued := alert.DedupSize(d)
	require.Zero(t, known)
	require.Zero(t, queued)
}

// Every few minutes a trickle, for days: the queue does not grow.
func TestDedupTrickle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent int
		d := alert.Dedup(hour)(alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
			sent += len(alerts)
			return nil
		}))
		for i := range 20_000 {
			<-time.After(time.Minute)
			require.NoError(t, d.Send(t.Context(), alert.Alert{Key: fmt.Sprint(i % 10), Severity: alert.Info}))
		}
		known, queued := alert.DedupSize(d)
		require.Equal(t, 10, known)
		require.Equal(t, 10, queued)
		require.Equal(t, 10*334, sent, "each of ten problems, whose turn comes every ten minutes, once an hour")
	})
}
