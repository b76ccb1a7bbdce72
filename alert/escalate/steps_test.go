package escalate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A fault is an error that says what it means.
type fault struct {
	text  string
	final bool
	wait  time.Duration
	is    error
}

func (f fault) Error() string             { return f.text }
func (f fault) Retryable() bool           { return !f.final }
func (f fault) RetryAfter() time.Duration { return f.wait }
func (f fault) Unwrap() error             { return f.is }

// away is a Sender that always fails.
func away(err error) alert.Sender {
	return alert.SenderFunc(func(context.Context, ...alert.Alert) error { return err })
}

// run runs an escalation over steps in a bubble, and returns its outbox.
func run(t *testing.T, opts *escalate.Options, logger *slog.Logger, steps ...escalate.Step) (*escalate.Escalation, *outbox.Outbox) {
	t.Helper()
	box, err := outbox.Open(outbox.NewMemoryStore(), &outbox.Options{Logger: logger})
	require.NoError(t, err)
	e, err := escalate.New(box, "duty", steps, opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return e, box
}

func fire(id string, severity alert.Severity) alert.Alert {
	return alert.Alert{Source: "s", ID: id, Key: "k", Name: "disk full", Severity: severity}
}

// incident returns the newest incident.
func incident(t *testing.T, e *escalate.Escalation) escalate.Incident {
	t.Helper()
	list, err := e.Incidents(t.Context(), 0, 100)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return list[len(list)-1]
}

// summaries returns what a group read that is news.
func summaries(far *alerttest.Recorder) string {
	var b strings.Builder
	for _, a := range far.Accepted() {
		if a.Summary != "" {
			b.WriteString(a.Summary + "\n")
		}
	}
	return b.String()
}

func events(in escalate.Incident) (list []string) {
	for _, e := range in.Log {
		list = append(list, strings.TrimRight(fmt.Sprint(e.Event, " ", e.Step), " "))
	}
	return list
}

// A step that fails is told, and the next one is taken without waiting.
func TestStepFails(t *testing.T) {
	t.Parallel()
	const in = 10 * time.Second // far less than the steps are apart
	tests := []struct {
		name         string
		chat, phone  error
		within       time.Duration // until the last step is taken
		waits, tells bool
	}{
		{name: "nothing fails", waits: true},
		{name: "token refused", phone: fault{text: "token refused", final: true}, within: in, tells: true},
		{name: "gateway down", phone: errors.New("connection refused"), within: in, tells: true},
		{name: "outcome unknown", phone: fault{text: "no answer", final: true, is: alert.ErrUncertain}, within: in, tells: true},
		{name: "asks for an hour", phone: fault{text: "not today", wait: time.Hour}, within: in, tells: true},
		{name: "asks for a moment again and again", phone: fault{text: "busy", wait: 20 * time.Second}, within: in, tells: true},
		{name: "robot refused, but not the phone", chat: fault{text: "robot is gone", final: true}, waits: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var chat, other, phone, last alerttest.Recorder
				first, second := alert.Sender(&chat), alert.Sender(&phone)
				if tt.chat != nil {
					first = away(tt.chat)
				}
				if tt.phone != nil {
					second = away(tt.phone)
				}
				var log syncBuilder
				e, box := run(t, &escalate.Options{Locale: alert.English, Patience: 5 * time.Minute}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})),
					escalate.Step{Name: "chat", Sender: first}, escalate.Step{Name: "other", Sender: &other},
					escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: second, Route: outbox.RouteOptions{NeverTwice: true}},
					escalate.Step{Name: "last", After: 10 * time.Minute, Sender: &last},
				)
				require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
				<-time.After(5*time.Minute + in + alert.RetryAfter(tt.phone)%time.Minute)
				require.Equal(t, tt.waits, len(last.Accepted()) == 0)
				told := summaries(&other)
				require.Equal(t, tt.tells || tt.chat != nil, strings.Contains(told, "told nobody"), told)
				if tt.tells {
					require.Contains(t, told, "phone")
					require.Contains(t, told, tt.phone.Error())
					require.Contains(t, told, "The next step is taken now")
					require.Contains(t, log.String(), "escalation step failed")
					require.Contains(t, events(incident(t, e)), "failed phone")
				}
				<-time.After(12 * time.Minute)
				require.Equal(t, escalate.Exhausted, incident(t, e).State)
				everybody := !tt.tells && tt.chat == nil && tt.phone == nil
				require.Equal(t, everybody, strings.Contains(summaries(&other), "Everybody was told"), summaries(&other))
				require.Len(t, last.Accepted(), 1)
			})
		})
	}
}

// A group that nobody can reach is no reason to wait for the telephone. One that is
// away for a moment is no reason to ring.
func TestGroupFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		until time.Duration // it works again
		rings time.Duration // 0: after five minutes, as planned
	}{
		"refused":         {err: fault{text: "robot is gone", final: true}, until: time.Hour, rings: 5 * time.Second},
		"down":            {err: errors.New("connection refused"), until: time.Hour, rings: 70 * time.Second},
		"down for 20 s":   {err: errors.New("connection refused"), until: 20 * time.Second},
		"hangs for 30 s":  {until: 30 * time.Second},
		"rate is reached": {err: fault{text: "busy", wait: 30 * time.Second}, until: 29 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var phone alerttest.Recorder
				began := time.Now()
				chat := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
					if time.Since(began) >= tt.until {
						return nil
					}
					if tt.err == nil {
						<-ctx.Done()
						return ctx.Err()
					}
					return tt.err
				})
				_, box := run(t, nil, nil, escalate.Step{Name: "chat", Sender: chat}, escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: &phone})
				require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
				if tt.rings > 0 {
					<-time.After(tt.rings)
					require.Len(t, phone.Accepted(), 1)
					return
				}
				<-time.After(5*time.Minute - time.Second)
				require.Empty(t, phone.Accepted())
				<-time.After(10 * time.Second)
				require.Len(t, phone.Accepted(), 1)
			})
		})
	}
}

// A telephone that is rung at once is no chat.
func TestFirstStepRings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last alerttest.Recorder
		_, box := run(t, nil, nil, escalate.Step{Name: "phone", Sender: away(errors.New("connection refused")), Route: outbox.RouteOptions{NeverTwice: true}},
			escalate.Step{Name: "last", After: 5 * time.Minute, Sender: &last})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(10 * time.Second)
		require.Len(t, last.Accepted(), 1)
	})
}

// What waited while no process ran is delivered before anybody says that it was not.
func TestLateAfterRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := outbox.NewMemoryStore()
		var chat, phone, last alerttest.Recorder
		chat.Fail(fault{text: "busy", wait: 30 * time.Second})
		begin := func() (*outbox.Outbox, func()) {
			box, err := outbox.Open(store, nil)
			require.NoError(t, err)
			_, err = escalate.New(box, "duty", []escalate.Step{
				{Name: "chat", Sender: &chat}, {Name: "phone", After: time.Hour, Sender: &phone}, {Name: "last", After: 2 * time.Hour, Sender: &last},
			}, nil)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- box.Run(ctx) }()
			return box, func() { cancel(); require.NoError(t, <-done) }
		}
		box, end := begin()
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(5 * time.Second)
		end()
		<-time.After(30 * time.Minute)
		_, end = begin()
		defer end()
		<-time.After(50 * time.Second)
		require.Len(t, chat.Accepted(), 1)
		require.Empty(t, phone.Accepted())
	})
}

// A route that nobody works on tells nobody either.
func TestStoppedStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var chat, phone, last alerttest.Recorder
		_, box := run(t, &escalate.Options{Locale: alert.English}, nil,
			escalate.Step{Name: "chat", Sender: &chat}, escalate.Step{Name: "phone", After: time.Minute, Sender: &phone},
			escalate.Step{Name: "last", After: time.Hour, Sender: &last})
		<-time.After(time.Second)
		require.NoError(t, box.Pause(t.Context(), "duty/phone"))
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(2*time.Minute + 10*time.Second)
		require.Empty(t, phone.Accepted())
		require.Len(t, last.Accepted(), 1)
		require.Contains(t, summaries(&chat), "phone told nobody: not delivered within a minute")
	})
}

// What gets worse rings again when all were told already, or when somebody took what
// was less.
func TestWorse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after time.Duration // the second alert
		take  bool
		then  alert.Severity
		rings int // the last step, in the time after
		state escalate.State
	}{
		{"exhausted", 20 * time.Minute, false, alert.Critical, 2, escalate.Exhausted},
		{"all steps taken", 12 * time.Minute, false, alert.Critical, 2, escalate.Exhausted},
		{"a step is left", 6 * time.Minute, false, alert.Critical, 1, escalate.Exhausted},
		{"taken", time.Minute, true, alert.Critical, 1, escalate.Exhausted},
		{"no worse", 20 * time.Minute, false, alert.Warning, 1, escalate.Exhausted},
		{"taken, no worse", time.Minute, true, alert.Warning, 0, escalate.Acknowledged},
		{"less", 20 * time.Minute, false, alert.Info, 1, escalate.Exhausted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var chat, phone, last alerttest.Recorder
				e, box := run(t, &escalate.Options{Patience: 5 * time.Minute}, nil, escalate.Step{Name: "chat", Sender: &chat, Link: func(token string) string { return token }},
					escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: &phone}, escalate.Step{Name: "last", After: 10 * time.Minute, Sender: &last})
				require.NoError(t, box.Send(t.Context(), fire("1", alert.Warning)))
				<-time.After(tt.after)
				if tt.take {
					_, err := e.Acknowledge(t.Context(), chat.Accepted()[0].URL, "Li")
					require.NoError(t, err)
				}
				require.NoError(t, box.Send(t.Context(), fire("2", tt.then)))
				<-time.After(4 * time.Minute)
				early := len(last.Accepted())
				<-time.After(12 * time.Minute)
				require.Len(t, last.Accepted(), tt.rings)
				require.Equal(t, tt.state, incident(t, e).State)
				if tt.rings > early { // the steps have their distances
					require.Equal(t, tt.then, last.Accepted()[tt.rings-1].Severity)
				}
			})
		})
	}
}

// Who took what was less has not taken what was there before, and comes back.
func TestWorseAfterAFall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var chat, phone alerttest.Recorder
		e, box := run(t, nil, nil, escalate.Step{Name: "chat", Sender: &chat, Link: func(token string) string { return token }},
			escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: &phone})
		for i, s := range []alert.Severity{alert.Critical, alert.Warning} {
			require.NoError(t, box.Send(t.Context(), fire(fmt.Sprint(i), s)))
			<-time.After(5 * time.Second)
		}
		_, err := e.Acknowledge(t.Context(), chat.Accepted()[0].URL, "Li")
		require.NoError(t, err)
		require.NoError(t, box.Send(t.Context(), fire("3", alert.Warning)))
		<-time.After(10 * time.Minute)
		require.Empty(t, phone.Accepted())
		require.NoError(t, box.Send(t.Context(), fire("4", alert.Critical)))
		<-time.After(6 * time.Minute)
		require.Len(t, phone.Accepted(), 1)
	})
}

// An acknowledgement that lapses begins anew, with a link of its own. The incident that
// was taken stays to be looked at.
func TestAcknowledgementLapses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var chat, phone alerttest.Recorder
		e, box := run(t, &escalate.Options{AcknowledgeFor: 20 * time.Minute, Locale: alert.English}, nil,
			escalate.Step{Name: "chat", Sender: &chat, Link: func(token string) string { return token }},
			escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: &phone})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(time.Minute)
		old := chat.Accepted()[0].URL
		_, err := e.Acknowledge(t.Context(), old, "Li")
		require.NoError(t, err)
		<-time.After(19 * time.Minute)
		require.Len(t, chat.Accepted(), 2)
		require.Empty(t, phone.Accepted())
		<-time.After(2 * time.Minute)
		require.Contains(t, summaries(&chat), "Li took it, and it is not over")
		link := chat.Accepted()[len(chat.Accepted())-1].URL
		require.NotEqual(t, old, link)
		<-time.After(6 * time.Minute)
		require.Len(t, phone.Accepted(), 1)

		list, err := e.Acknowledge(t.Context(), old, "nobody") // it leads to what Li took
		require.NoError(t, err)
		require.Equal(t, escalate.Replaced, list[0].State)
		require.Equal(t, "Li", list[0].By)
		require.Equal(t, escalate.Waiting, incident(t, e).State)
		_, err = e.Acknowledge(t.Context(), link, "Wang")
		require.NoError(t, err)
		require.Equal(t, "Wang", incident(t, e).By)
		require.NoError(t, box.Send(t.Context(), alert.Alert{Source: "s", ID: "2", Key: "k", Status: alert.Resolved}))
		<-time.After(20 * time.Minute)
		require.Len(t, phone.Accepted(), 1)
		require.Equal(t, escalate.Ended, incident(t, e).State)
	})
}

// The last step is taken again until somebody takes the problem.
func TestRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var chat, phone alerttest.Recorder
		e, box := run(t, &escalate.Options{Repeat: 10 * time.Minute, Locale: alert.English}, nil,
			escalate.Step{Name: "chat", Sender: &chat, Link: func(token string) string { return token }},
			escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: &phone})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(34 * time.Minute) // at 5, 15 and 25
		require.Len(t, phone.Accepted(), 3)
		require.Equal(t, escalate.Waiting, incident(t, e).State)
		<-time.After(2 * time.Minute) // the patience counts from the first time
		require.Equal(t, escalate.Exhausted, incident(t, e).State)
		require.Contains(t, summaries(&chat), "Everybody was told")
		require.Len(t, phone.Accepted(), 4)
		_, err := e.Acknowledge(t.Context(), chat.Accepted()[0].URL, "Li")
		require.NoError(t, err)
		<-time.After(20 * time.Minute)
		require.Len(t, phone.Accepted(), 4)
	})
}

// Far ends that hang when they are asked about calls delay no step.
func TestWatchDelaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last alerttest.Recorder
		var calls atomic.Int64
		hang := func(ctx context.Context, _ string) (escalate.Answer, error) {
			<-ctx.Done()
			return escalate.Answer{}, ctx.Err()
		}
		began := time.Now()
		_, box := run(t, nil, nil,
			escalate.Step{Name: "phone", Watch: hang, Route: outbox.RouteOptions{Batch: 1}, Sender: alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
				return escalate.TrackReference(ctx, fmt.Sprint(calls.Add(1)))
			})},
			escalate.Step{Name: "last", After: 31 * time.Second, Sender: alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
				require.Less(t, time.Since(began), 35*time.Second)
				return last.Send(ctx, alerts...)
			})})
		var alerts []alert.Alert
		for i := range 40 {
			alerts = append(alerts, alert.Alert{Source: "s", ID: fmt.Sprint(i)})
		}
		require.NoError(t, box.Send(t.Context(), alerts...))
		<-time.After(time.Minute)
		require.EqualValues(t, 40, calls.Load())
		require.Len(t, last.Accepted(), 40)
	})
}

// What a far end does not know any more is not asked about again, and said once.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	unknown := fault{text: "there is no such call", final: true}
	for _, stopped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log syncBuilder
			var asked, stops atomic.Int64
			_, box := run(t, nil, slog.New(slog.NewTextHandler(&log, nil)), escalate.Step{
				Name: "phone", Sender: alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
					if alerts[0].Status == alert.Firing {
						return escalate.TrackReference(ctx, "call")
					}
					return nil
				}),
				Watch: func(context.Context, string) (a escalate.Answer, err error) {
					if asked.Add(1); !stopped {
						err = unknown
					}
					return a, err
				},
				Stop: func(context.Context, string) error {
					stops.Add(1)
					return unknown
				},
			})
			require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
			<-time.After(20 * time.Second)
			require.NoError(t, box.Send(t.Context(), alert.Alert{Source: "s", ID: "2", Key: "k", Status: alert.Resolved}))
			<-time.After(5 * time.Minute)
			require.EqualValues(t, 1, asked.Load())
			require.Equal(t, stopped, stops.Load() == 1)
			require.Equal(t, 1, strings.Count(log.String(), "there is no such call"))
		})
	}
}

// What a watched call has to say is told once. If it reached nobody the next step is
// taken.
func TestAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var chat, last alerttest.Recorder
		var answer atomic.Pointer[escalate.Answer]
		answer.Store(&escalate.Answer{News: "Li picked up"})
		e, box := run(t, &escalate.Options{Locale: alert.English}, nil,
			escalate.Step{Name: "chat", Sender: &chat},
			escalate.Step{Name: "phone", After: time.Minute, Sender: alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
				return escalate.TrackReference(ctx, "call")
			}), Watch: func(context.Context, string) (escalate.Answer, error) { return *answer.Load(), nil }},
			escalate.Step{Name: "last", After: time.Hour, Sender: &last})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(3 * time.Minute)
		require.Equal(t, "Li picked up\n", summaries(&chat))
		require.Equal(t, alert.News, chat.Accepted()[1].Status)
		require.Empty(t, last.Accepted())
		answer.Store(&escalate.Answer{Over: true, Failed: "nobody has taken it"})
		<-time.After(20 * time.Second)
		require.Len(t, last.Accepted(), 1)
		require.Contains(t, summaries(&chat), "Step phone told nobody: nobody has taken it")
		require.Equal(t, []string{
			"opened", "step chat", "told chat", "step phone", "told phone", "news phone", "failed phone", "step last", "told last",
		}, events(incident(t, e)))
	})
}

// What a Ringer holds back is no failure: the next step waits, and what the next call
// says is told for what was held, and taken with it.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ringer, err := alert.NewRinger(nil)
		require.NoError(t, err)
		var chat, phone, last alerttest.Recorder
		var calls atomic.Int64
		rings := ringer.Wrap(alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			require.NoError(t, escalate.TrackReference(ctx, fmt.Sprint("call ", calls.Add(1))))
			return phone.Send(ctx, alerts...)
		}))
		e, box := run(t, &escalate.Options{Locale: alert.English}, nil,
			escalate.Step{Name: "chat", Sender: &chat},
			escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: rings, Route: outbox.RouteOptions{NeverTwice: true}},
			escalate.Step{Name: "last", After: 15 * time.Minute, Sender: &last})
		for i := range 15 { // a problem each second
			require.NoError(t, box.Send(t.Context(), alert.Alert{Source: "s", ID: fmt.Sprint(i), Key: fmt.Sprint(i), Name: fmt.Sprint(i), Severity: alert.Critical}))
			<-time.After(time.Second)
		}
		<-time.After(5*time.Minute + 10*time.Second)
		require.EqualValues(t, 1, calls.Load())
		<-time.After(3 * time.Minute)
		require.EqualValues(t, 2, calls.Load())
		require.Len(t, phone.Accepted(), 15)
		require.Empty(t, summaries(&chat))
		require.Empty(t, last.Accepted())
		require.Contains(t, events(incident(t, e)), "held phone")
		list, err := e.AcknowledgeCall(t.Context(), "call 2", "Li")
		require.NoError(t, err)
		require.Len(t, list, 14)
		<-time.After(10 * time.Minute)
		require.EqualValues(t, 2, calls.Load())
		require.Len(t, last.Accepted(), 1)
	})
}

// A Ringer that was told of an event does not keep a later step from ringing about it,
// also if the problem has become less.
func TestRingsForEachStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ringer, err := alert.NewRinger(nil)
		require.NoError(t, err)
		var phone alerttest.Recorder
		rings := ringer.Wrap(&phone)
		_, box := run(t, &escalate.Options{Repeat: 10 * time.Minute}, nil, escalate.Step{Name: "one", Sender: rings}, escalate.Step{Name: "two", After: 5 * time.Minute, Sender: rings})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(time.Minute)
		require.NoError(t, box.Send(t.Context(), fire("2", alert.Warning)))
		<-time.After(15 * time.Minute)
		require.Len(t, phone.Calls(), 3)
	})
}
