package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

// One alert, through any channel.
func ExampleSender() {
	var channel alert.Sender = &alerttest.Recorder{} // wecom.New, snmptrap.New, …
	err := channel.Send(context.Background(), alert.Alert{
		Key:      "disk/db-1", // the same when it is over
		Severity: alert.Critical,
		Name:     "disk almost full",
		Instance: "db-1",
		Summary:  "91% of 100 GB",
	})
	fmt.Println(err)
	// Output: <nil>
}

// A channel of your own in a few lines. It returns the outcome for each alert.
func ExampleSenderFunc() {
	pager := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		errs := make([]error, len(alerts))
		for i, a := range alerts {
			if a.Name == "" {
				errs[i] = errors.New("the pager wants a name")
				continue
			}
			fmt.Println("beep:", a.Name)
		}
		return alert.Partial(errs)
	})
	fmt.Println(pager.Send(context.Background(), alert.Alert{Name: "disk full"}, alert.Alert{}))
	// Output:
	// beep: disk full
	// 1 of 2 alerts failed: the pager wants a name
}

// The first middleware sees the alerts first: what Only drops, Dedup never
// remembers. Here a check says every minute how the disk is.
func ExampleChain() {
	var phone alerttest.Recorder
	page := alert.Chain(&phone, alert.Only(alert.Major), alert.Dedup(time.Hour))
	for _, level := range []alert.Severity{alert.Warning, alert.Critical, alert.Critical} {
		_ = page.Send(context.Background(), alert.Alert{Key: "disk/db-1", Severity: level})
	}
	fmt.Println(len(phone.Accepted()))
	// Output: 1
}

// Every branch is tried, whatever becomes of the others. An alert is accepted
// if all of them took it.
func ExampleFanout() {
	var chat, console alerttest.Recorder
	console.FailEach(nil, errors.New("console: no route to host"))
	both := alert.Fanout(&chat, &console)

	alerts := []alert.Alert{{Name: "cpu"}, {Name: "disk"}}
	err := both.Send(context.Background(), alerts...)
	for i, a := range alerts {
		fmt.Println(a.Name, alert.ErrorAt(err, i, len(alerts)))
	}
	fmt.Println("chat has", len(chat.Accepted()))
	// Output:
	// cpu <nil>
	// disk console: no route to host
	// chat has 2
}

// Resolved alerts bear the severity of their problem, so the pair stays
// together.
func ExampleOnly() {
	var phone alerttest.Recorder
	s := alert.Chain(&phone, alert.Only(alert.Critical))
	_ = s.Send(context.Background(),
		alert.Alert{Name: "cpu", Severity: alert.Warning},
		alert.Alert{Name: "disk", Severity: alert.Critical},
		alert.Alert{Name: "disk", Severity: alert.Critical, Status: alert.Resolved},
	)
	for _, a := range phone.Accepted() {
		fmt.Println(a.Status, a.Name)
	}
	// Output:
	// firing disk
	// resolved disk
}

// A check runs every minute and says each time that the disk is full. Only what
// was accepted is remembered: after a failure the repetition gets through.
func ExampleDedup() {
	var chat alerttest.Recorder
	chat.Fail(errors.New("chat: refused"))
	s := alert.Chain(&chat, alert.Dedup(10*time.Minute))
	for range 3 {
		fmt.Println(s.Send(context.Background(), alert.Alert{Key: "disk/db-1"}))
	}
	fmt.Println("delivered", len(chat.Accepted()))
	// Output:
	// chat: refused
	// <nil>
	// <nil>
	// delivered 1
}

// A middleware of your own: count what fails.
func ExampleMiddleware() {
	failures := 0
	count := func(next alert.Sender) alert.Sender {
		return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			err := next.Send(ctx, alerts...)
			for i := range alerts {
				if alert.ErrorAt(err, i, len(alerts)) != nil {
					failures++
				}
			}
			return err
		})
	}
	var chat alerttest.Recorder
	chat.FailEach(nil, errors.New("refused"), errors.New("refused"))
	_ = alert.Chain(&chat, count).Send(context.Background(), make([]alert.Alert, 3)...)
	fmt.Println(failures)
	// Output: 2
}

// What to do after an error: repeat it, when, and whether that rings twice.
func ExampleRetryAfter() {
	judge := func(err error) string {
		switch {
		case !alert.Retryable(err):
			return "give up and tell somebody"
		case errors.Is(err, alert.ErrUncertain):
			return "it may have arrived: repeat a chat message, never a call"
		}
		return fmt.Sprintf("again in %v", max(alert.RetryAfter(err), 2*time.Second))
	}
	fmt.Println(judge(errors.New("unknown errors are retryable")))
	fmt.Println(judge(busy{}))
	fmt.Println(judge(fmt.Errorf("post: %w", alert.ErrUncertain)))
	// Output:
	// again in 2s
	// again in 10m0s
	// it may have arrived: repeat a chat message, never a call
}

// busy is an error as channels return them.
type busy struct{}

func (busy) Error() string             { return "more messages than the robot may post" }
func (busy) Retryable() bool           { return true }
func (busy) RetryAfter() time.Duration { return 10 * time.Minute }

// A queue repeats by itself, so it asks the channel for one attempt.
func ExampleOnce() {
	channel := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
		fmt.Println("one attempt:", alert.IsOnce(ctx))
		return nil
	})
	_ = channel.Send(context.Background(), alert.Alert{})
	_ = channel.Send(alert.Once(context.Background()), alert.Alert{})
	// Output:
	// one attempt: false
	// one attempt: true
}

// Words of many sources. One that is not known is a warning, and no alert is
// lost over it.
func ExampleParseSeverity() {
	for _, word := range []string{"CRITICAL", "紧急", "warn", "P7"} {
		severity, known := alert.ParseSeverity(word)
		fmt.Println(word, severity, known)
	}
	// Output:
	// CRITICAL critical true
	// 紧急 critical true
	// warn warning true
	// P7 warning false
}

// An alert is a plain value: it goes through JSON and comes back.
func ExampleAlert() {
	text, err := json.Marshal(alert.Alert{
		Source: "cron", ID: "backup/42", Key: "backup/db-1", Name: "backup failed",
		Severity: alert.Major, StartsAt: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC),
	})
	fmt.Println(string(text), err)
	var back alert.Alert
	fmt.Println(json.Unmarshal(text, &back), back.Severity, back.Status)
	// Output:
	// {"source":"cron","id":"backup/42","key":"backup/db-1","status":"firing","severity":"major","name":"backup failed","startsAt":"2026-03-01T03:00:00Z"} <nil>
	// <nil> major firing
}

// A log shows which alert it was, and nothing that may be personal.
func ExampleAlert_LogValue() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	log.Info("sent", "alert", alert.Alert{Name: "disk full", Instance: "db-1", Summary: "ask 138 0000 0001"})
	// Output: level=INFO msg=sent alert.status=firing alert.severity=warning alert.name="disk full" alert.instance=db-1
}
