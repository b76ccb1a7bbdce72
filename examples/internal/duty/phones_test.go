package duty_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/duty"
)

// An office is a group, a queue of AutoCall phones with one phone, and an escalation over
// them, running in a bubble.
type office struct {
	*testing.T
	*escalate.Escalation

	group alerttest.Recorder
	queue *autocall.Dispatcher
	box   *outbox.Outbox
	store *outbox.Store
	step  escalate.Step
	end   func()
}

// handset is the phone of an office.
func handset() autocall.Phone { return autocall.Phone{Name: "phone"} }

func people(names ...string) []autocall.Person {
	numbers := map[string]string{"Li": "13800000001", "Wang": "13800000002", "Chen": "13800000003"}
	var all []autocall.Person
	for _, name := range names {
		all = append(all, autocall.Person{Name: name, Number: numbers[name]})
	}
	return all
}

func newOffice(t *testing.T, counts bool, names ...string) *office {
	t.Helper()
	o := &office{T: t, store: outbox.NewMemoryStore()}
	var err error
	o.queue, err = autocall.NewMemoryQueue(&autocall.QueueOptions{Phones: []string{handset().Name}})
	require.NoError(t, err)
	o.step, err = duty.AutocallStep(o.queue, func(time.Time) []autocall.Person { return people(names...) }, counts, time.Minute)
	require.NoError(t, err)
	o.step.After = time.Minute
	t.Cleanup(func() { o.end() })
	return o
}

// begin runs the escalation, also after it was ended.
func (o *office) begin() {
	o.Helper()
	var err error
	o.box, err = outbox.Open(o.store, nil)
	require.NoError(o, err)
	o.Escalation, err = escalate.New(o.box, "duty", []escalate.Step{
		{Name: "group", Sender: &o.group, Link: func(token string) string { return token }}, o.step,
		{Name: "boss", After: time.Hour, Sender: new(alerttest.Recorder)},
	}, &escalate.Options{Locale: alert.English})
	require.NoError(o, err)
	ctx, cancel := context.WithCancel(o.Context())
	var work sync.WaitGroup
	work.Go(func() { _ = o.box.Run(ctx) })
	work.Go(func() { _ = o.queue.Run(ctx) })
	o.end = func() {
		cancel()
		work.Wait()
	}
}

// poll has the phone poll for a time, and returns the numbers that it rang. Each is
// picked up if picks says so.
func (o *office) poll(d time.Duration, picks func(number string) bool) (rang []string) {
	o.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(5 * time.Second) {
		h, err := o.queue.Next(o.Context(), handset())
		require.NoError(o, err)
		if h.IsZero() {
			continue
		}
		rang = append(rang, h.Number)
		out := autocall.Outcome{Phone: handset(), Mid: h.Mid}
		if picks(h.Number) {
			out.Number = h.Number
		}
		_, err = o.queue.Answer(o.Context(), out)
		require.NoError(o, err)
	}
	return rang
}

func nobody(string) bool    { return false }
func everybody(string) bool { return true }

func (o *office) fire() {
	o.Helper()
	require.NoError(o, o.box.Send(o.Context(), alert.Alert{Source: "s", ID: "1", Key: "k", Name: "disk full", Severity: alert.Critical}))
}

func (o *office) incident() escalate.Incident {
	o.Helper()
	list, err := o.Incidents(o.Context(), 0, 10)
	require.NoError(o, err)
	return list[len(list)-1]
}

func (o *office) read() (text string) {
	for _, a := range o.group.Accepted() {
		text += a.Summary + "\n"
	}
	return text
}

// Who picks up has not taken the problem, be it a mailbox: the next one is rung.
func TestPickedUpIsNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, false, "Li", "Wang", "Chen")
		o.begin()
		o.poll(10*time.Second, nobody)
		o.fire()
		rang := o.poll(2*time.Minute, everybody)
		require.Equal(t, []string{"13800000001"}, rang)
		require.Contains(t, o.read(), "Li (138******01) picked up the phone, which does not take the problem")
		require.Equal(t, []string{"13800000002"}, o.poll(time.Minute, everybody))
		require.Equal(t, escalate.Waiting, o.incident().State)
		require.Equal(t, 2, o.incident().Steps)
		require.Equal(t, []string{"13800000003"}, o.poll(90*time.Second, everybody))
		o.poll(90*time.Second, everybody)
		require.Contains(t, o.read(), "Step autocall told nobody: the phone was picked up, and nobody has taken the problem. The next step is taken now.")
		require.Equal(t, 3, o.incident().Steps)
		_, err := o.Acknowledge(t.Context(), o.group.Accepted()[0].URL, "Li")
		require.NoError(t, err)
		require.Empty(t, o.poll(10*time.Minute, everybody))
	})
}

// Whoever takes it by the link keeps the others from being rung, also while it rings.
func TestTakenAfterPickingUp(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"in time": 2 * time.Minute, "late": 170 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, false, "Li", "Wang")
				o.begin()
				o.poll(10*time.Second, nobody)
				o.fire()
				require.Len(t, o.poll(70*time.Second, everybody), 1)
				<-time.After(after - 70*time.Second) // while the next call waits for the phone
				_, err := o.Acknowledge(t.Context(), o.group.Accepted()[0].URL, "Li")
				require.NoError(t, err)
				<-time.After(30 * time.Second)
				require.Empty(t, o.poll(10*time.Minute, everybody))
			})
		})
	}
}

// Without a link picking up takes the problem, and the text says so.
func TestPickingUpCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, true, "Li", "Wang")
		o.begin()
		o.poll(10*time.Second, nobody)
		o.fire()
		rang := o.poll(10*time.Minute, func(number string) bool { return number == "13800000002" })
		require.Equal(t, []string{"13800000001", "13800000002"}, rang)
		require.Equal(t, escalate.Acknowledged, o.incident().State)
		require.Contains(t, o.read(), "Wang (138******02) (picked up the phone; no link is set up to take it) has taken it")
	})
}

// A phone that does not poll is told, and rings when it does.
func TestPhoneDoesNotPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, false, "Li")
		o.begin()
		o.fire()
		<-time.After(70 * time.Second)
		require.Contains(t, o.read(), "Step autocall told nobody: no AutoCall phone polls: phone last polled: never. The next step is taken now.")
		require.Equal(t, 3, o.incident().Steps)
		require.Equal(t, []string{"13800000001"}, o.poll(5*time.Minute, nobody))
	})
	synctest.Test(t, func(t *testing.T) { // it stops when the call is queued
		o := newOffice(t, false, "Li")
		o.begin()
		o.poll(10*time.Second, nobody)
		o.fire()
		o.poll(55*time.Second, nobody)
		<-time.After(2 * time.Minute)
		require.Contains(t, o.read(), "Step autocall told nobody: no AutoCall phone polls: phone last polled: 2000-01-01")
		require.Equal(t, 3, o.incident().Steps)
	})
}

// dies is a step whose process dies when it has queued a call.
func dies(step escalate.Step, dead chan<- struct{}) escalate.Step {
	send := step.Sender
	step.Sender = alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if err := send.Send(ctx, alerts...); err != nil {
			return err
		}
		close(dead)
		<-ctx.Done()
		return errors.New("the process is dead")
	})
	return step
}

// A process that dies between queueing a call and noting it rings nobody twice, whatever
// became of the call.
func TestDiesAfterQueueing(t *testing.T) {
	t.Parallel()
	for name, picks := range map[string]func(string) bool{"nobody picks up": nobody, "somebody does": everybody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, true, "Li")
				whole, dead := o.step, make(chan struct{})
				o.step = dies(whole, dead)
				o.begin()
				o.poll(10*time.Second, nobody)
				o.fire()
				var rang []string
				go func() { <-dead; o.end() }()
				rang = o.poll(3*time.Minute, picks)
				require.Len(t, rang, 1)
				o.step = again(t, o) // of a new process, which remembers nothing
				o.begin()
				require.Empty(t, o.poll(10*time.Minute, picks))
				require.Equal(t, name == "somebody does", o.incident().State == escalate.Acknowledged)
			})
		})
	}
}

func again(t *testing.T, o *office) escalate.Step {
	t.Helper()
	step, err := duty.AutocallStep(o.queue, func(time.Time) []autocall.Person { return people("Li") }, true, time.Minute)
	require.NoError(t, err)
	step.After = time.Minute
	return step
}

// What begins anew rings anew, though it is about the same problem.
func TestRingsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, true, "Li")
		o.begin()
		o.poll(10*time.Second, nobody)
		o.fire()
		require.Len(t, o.poll(5*time.Minute, everybody), 1)
		require.NoError(t, o.box.Send(t.Context(), alert.Alert{Source: "s", ID: "2", Key: "k", Status: alert.Resolved}))
		require.NoError(t, o.box.Send(t.Context(), alert.Alert{Source: "s", ID: "3", Key: "k", Name: "disk full", Severity: alert.Critical}))
		require.Len(t, o.poll(5*time.Minute, everybody), 1)
	})
}
