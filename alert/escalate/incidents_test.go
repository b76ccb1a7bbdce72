package escalate_test

import (
	"context"
	"slices"
	"sync"
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

// A ladder is an escalation over a chat, a telephone after five minutes and another one
// after ten, running in a bubble.
type ladder struct {
	*testing.T
	*escalate.Escalation

	chat, phone, last alerttest.Recorder
	box               *outbox.Outbox

	mu             sync.Mutex
	answer         escalate.Answer // of the telephone
	asked, stopped []string
}

func newLadder(t *testing.T, opts *escalate.Options) *ladder {
	t.Helper()
	l := &ladder{T: t}
	l.Escalation, l.box = run(t, opts, nil,
		escalate.Step{Name: "chat", Sender: &l.chat, Link: func(token string) string { return token }},
		escalate.Step{Name: "phone", After: 5 * time.Minute, Sender: alert.SenderFunc(l.ring), Watch: l.watch, Stop: l.stop, Route: outbox.RouteOptions{NeverTwice: true}},
		escalate.Step{Name: "last", After: 10 * time.Minute, Sender: &l.last})
	return l
}

// ring is the Sender of the telephone, whose calls are known by their first alert.
func (l *ladder) ring(ctx context.Context, alerts ...alert.Alert) error {
	require.NoError(l, escalate.TrackReference(ctx, "call "+alerts[0].Name))
	return l.phone.Send(ctx, alerts...)
}

func (l *ladder) watch(_ context.Context, ref string) (escalate.Answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, ref)
	return l.answer, nil
}

func (l *ladder) stop(_ context.Context, ref string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = append(l.stopped, ref)
	return nil
}

// send sends an alert about a problem, by its name.
func (l *ladder) send(key, name string, change func(*alert.Alert)) {
	l.Helper()
	a := alert.Alert{Source: "s", ID: name, Key: key, Name: name}
	if change != nil {
		change(&a)
	}
	require.NoError(l, l.box.Send(l.Context(), a))
}

func ended(a *alert.Alert) { a.Status = alert.Resolved }

func (l *ladder) calls(kind *[]string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *kind
}

func names(far *alerttest.Recorder) (list []string) {
	for _, a := range far.Accepted() {
		list = append(list, a.Name)
	}
	return list
}

// A key pressed at the telephone is heard, and stops the steps. That the first attempt
// failed leads nobody to the next step.
func TestAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, nil)
		l.phone.Fail(fault{text: "not now"})
		l.send("key", "fire", nil)
		<-time.After(5*time.Minute + 50*time.Second)
		require.Equal(t, []string{"call fire", "call fire", "call fire"}, l.calls(&l.asked))
		require.Equal(t, escalate.Waiting, incident(t, l.Escalation).State)
		l.mu.Lock()
		l.answer = escalate.Answer{By: "key 1"}
		l.mu.Unlock()
		<-time.After(20 * time.Second)
		require.Equal(t, "key 1", incident(t, l.Escalation).By)
		<-time.After(10 * time.Minute)
		require.Empty(t, names(&l.last))
		require.Empty(t, l.calls(&l.stopped))
		require.Len(t, l.calls(&l.asked), 4)
	})
}

// A call about two problems goes on while one of them does.
func TestSharedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, nil)
		require.NoError(t, l.box.Send(t.Context(), alert.Alert{Source: "s", ID: "1", Key: "a", Name: "fire"}, alert.Alert{Source: "s", ID: "2", Key: "b", Name: "smoke"}))
		<-time.After(5*time.Minute + 5*time.Second)
		require.Equal(t, []string{"fire", "smoke"}, names(&l.phone))
		l.send("b", "smoke is over", func(a *alert.Alert) { ended(a); a.URL = "https://console.example.com/2" })
		<-time.After(40 * time.Second)
		require.Equal(t, "https://console.example.com/2", l.chat.Accepted()[2].URL, "a recovery is not taken")
		require.GreaterOrEqual(t, len(l.calls(&l.asked)), 2)
		require.Empty(t, l.calls(&l.stopped))
		l.send("a", "fire is over", ended)
		<-time.After(5 * time.Second)
		require.Equal(t, []string{"call fire"}, l.calls(&l.stopped))
	})
}

// A call that waits at a step whose far end is away is about one incident. The next one,
// about the same problem, has its own time.
func TestOldCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, nil)
		l.phone.Fail(fault{text: "busy", wait: time.Minute})
		l.send("key", "fire", nil)
		<-time.After(5*time.Minute + 10*time.Second)
		require.Len(t, l.phone.Calls(), 1)
		l.send("key", "fire is over", ended)
		l.send("key", "fire 2", nil)
		<-time.After(5*time.Minute - 10*time.Second)
		require.Empty(t, names(&l.phone))
		<-time.After(20 * time.Second)
		require.Equal(t, []string{"fire 2"}, names(&l.phone))
		left, err := l.box.Pending(t.Context(), "duty/phone", 0, 10)
		require.NoError(t, err)
		require.Empty(t, left)
		list, err := l.Incidents(t.Context(), 0, 10) // the old one can be looked at
		require.NoError(t, err)
		require.Equal(t, []escalate.State{escalate.Ended, escalate.Waiting}, []escalate.State{list[0].State, list[1].State})
	})
}

// A message that nobody asks about can be called off all the same.
func TestStopWithoutWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped atomic.Int64
		_, box := run(t, nil, nil, escalate.Step{
			Name: "phone", Sender: alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error { return escalate.TrackReference(ctx, "call") }),
			Stop: func(context.Context, string) error {
				stopped.Add(1)
				return nil
			},
		})
		require.NoError(t, box.Send(t.Context(), fire("1", alert.Critical)))
		<-time.After(10 * time.Minute)
		require.NoError(t, box.Send(t.Context(), alert.Alert{Source: "s", ID: "2", Key: "k", Status: alert.Resolved}))
		<-time.After(10 * time.Minute)
		require.EqualValues(t, 1, stopped.Load())
	})
}

// What waits at a step whose far end is away does not go out when the problem was taken
// meanwhile.
func TestCalledOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, nil)
		l.phone.Fail(fault{text: "busy", wait: time.Hour})
		l.send("key", "fire", nil)
		<-time.After(5*time.Minute + 10*time.Second)
		_, err := l.Acknowledge(t.Context(), l.chat.Accepted()[0].URL, "me")
		require.NoError(t, err)
		<-time.After(61 * time.Minute)
		require.Empty(t, names(&l.phone))
	})
}

// An acknowledged problem opens a new incident if it gets worse, and after a time.
func TestAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, &escalate.Options{Forget: 30 * time.Minute, Quiet: true})
		take := func(n int) {
			<-time.After(5 * time.Second)
			list, err := l.Acknowledge(t.Context(), l.chat.Accepted()[n].URL, "me")
			require.NoError(t, err)
			require.Equal(t, escalate.Acknowledged, list[0].State)
		}
		critical := func(a *alert.Alert) { a.Severity = alert.Critical }
		l.send("key", "fire", nil)
		take(0)
		l.send("key", "fire again", nil)
		<-time.After(5 * time.Second)
		require.Equal(t, escalate.Acknowledged, incident(t, l.Escalation).State)
		l.send("key", "blaze", critical)
		<-time.After(5 * time.Second)
		require.Equal(t, escalate.Waiting, incident(t, l.Escalation).State)
		take(2)
		<-time.After(25 * time.Minute)
		l.send("key", "blaze 2", critical)
		<-time.After(5 * time.Second)
		require.Equal(t, escalate.Acknowledged, incident(t, l.Escalation).State)
		<-time.After(10 * time.Minute)
		l.send("key", "blaze 3", critical)
		<-time.After(5*time.Minute + 5*time.Second)
		require.Equal(t, []string{"blaze 3"}, names(&l.phone))
	})
}

// Events without a Key are problems of their own. Others may be filtered out. A lack of
// data, tests and news are told, and neither call anybody nor end what calls.
func TestWhatCallsNobody(t *testing.T) {
	t.Parallel()
	as := func(s alert.Status) func(*alert.Alert) { return func(a *alert.Alert) { a.Status = s } }
	test := func(a *alert.Alert) { a.Test = true }
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, &escalate.Options{Filter: func(a alert.Alert) bool { return a.Name != "not this" }})
		l.send("", "a", nil)
		l.send("key", "not this", nil)
		l.send("", "b", nil)
		l.send("key", "nothing known", as(alert.NoData))
		l.send("key", "test", test)
		l.send("key", "news", as(alert.News))
		<-time.After(5*time.Minute + 10*time.Second)
		require.Equal(t, []string{"a", "b", "nothing known", "test", "news"}, names(&l.chat))
		require.Equal(t, []string{"a", "b"}, names(&l.phone))
		require.Empty(t, l.chat.Accepted()[3].URL, "a test can be taken")

		l.send("key", "fire", nil)
		l.send("key", "test of its end", func(a *alert.Alert) { test(a); ended(a) })
		l.send("key", "other news", as(alert.News))
		<-time.After(5*time.Minute + 10*time.Second)
		require.Equal(t, []string{"a", "b", "fire"}, names(&l.phone))
		list, err := l.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, list, 3)
	})
}

// What is less than the escalation asks for is told to the chat if its problem was, and
// opens no incident, however long ago that was.
func TestFallenProblemCallsNobody(t *testing.T) {
	t.Parallel()
	as := func(s alert.Severity) func(*alert.Alert) { return func(a *alert.Alert) { a.Severity = s } }
	synctest.Test(t, func(t *testing.T) {
		l := newLadder(t, &escalate.Options{
			Forget: time.Hour, Filter: func(a alert.Alert) bool { return a.Severity >= alert.Critical },
		})
		l.send("key", "fire", as(alert.Critical))
		<-time.After(20 * time.Minute)
		require.Equal(t, []string{"fire"}, names(&l.phone))
		l.send("key", "embers", as(alert.Info))
		<-time.After(time.Hour)
		l.send("key", "embers still", as(alert.Info))
		l.send("other", "never passed", as(alert.Info))
		<-time.After(20 * time.Minute)
		require.Equal(t, []string{"fire"}, names(&l.phone))
		require.Equal(t, []string{"fire", "embers", "embers still"}, slices.Compact(names(&l.chat)), "embers a second time as nobody takes it")
		l.send("key", "out", func(a *alert.Alert) { as(alert.Info)(a); ended(a) })
		<-time.After(time.Minute)
		require.Equal(t, escalate.Ended, incident(t, l.Escalation).State)
	})
}
