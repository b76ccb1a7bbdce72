package outbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// deliver runs an outbox until nothing waits on its routes.
func deliver(box *outbox.Outbox) {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- box.Run(ctx) }()
	for waiting := true; waiting; {
		waiting = false
		counts, _ := box.Counts(ctx)
		for _, c := range counts {
			waiting = waiting || c.Waiting > 0
		}
		<-time.After(time.Millisecond)
	}
	cancel()
	<-stopped
}

// The usual settings of a chat and of a telephone.
func ExampleOutbox_Route() {
	var chat, phone alerttest.Recorder // in real life a robot, and a pigeon.Sender
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = errors.Join(
		box.Route("chat", &chat, &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}}),
		box.Route("phone", &phone, &outbox.RouteOptions{
			NeverTwice: true,
			Filter:     func(a alert.Alert) bool { return a.Severity == alert.Critical && a.Status == alert.Firing },
		}),
	)
	fmt.Println(err, box.Send(context.Background(),
		alert.Alert{ID: "1", Name: "cpu", Severity: alert.Warning},
		alert.Alert{ID: "2", Name: "disk", Severity: alert.Critical},
	))
	deliver(box)
	fmt.Println("chat", len(chat.Accepted()), "phone", len(phone.Accepted()))
	// Output:
	// <nil> <nil>
	// chat 2 phone 1
}

// A storm becomes few messages: what has gathered goes out together.
func ExampleBudget() {
	var chat alerttest.Recorder
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = box.Route("chat", &chat, &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}, Batch: 100})
	for i := range 250 {
		_ = box.Send(context.Background(), alert.Alert{ID: fmt.Sprint(i), Name: "replica lags"})
	}
	deliver(box)
	fmt.Println(err, len(chat.Accepted()), "alerts in", len(chat.Calls()), "messages")
	// Output: <nil> 250 alerts in 3 messages
}

// An event that its source tells again is kept once.
func ExampleOutbox_Send() {
	var chat alerttest.Recorder
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = box.Route("chat", &chat, nil)
	again := alert.Alert{Source: "aliyun", ID: "event-17", Name: "disk full"}
	fmt.Println(err, box.Send(context.Background(), again), box.Send(context.Background(), again))
	deliver(box)
	stats := box.Stats()
	fmt.Println(len(chat.Accepted()), "delivered,", stats.Repeated, "repeated")
	// Output:
	// <nil> <nil> <nil>
	// 1 delivered, 1 repeated
}

// What a channel refuses for good is kept until a person has looked.
func ExampleOutbox_Dead() {
	ctx := context.Background()
	var chat alerttest.Recorder
	chat.Fail(refused{})
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = box.Route("chat", &chat, nil)
	_ = box.Send(ctx, alert.Alert{ID: "1", Name: "disk full"})
	deliver(box)

	list, err := box.Dead(ctx, "chat", 0, 100)
	for _, l := range list {
		fmt.Println(l.Alert.Name, l.Cause, l.Error, err)
	}
	fmt.Println(box.Requeue(ctx, "chat", list[0].Number)) // the robot is back in the group
	deliver(box)
	fmt.Println("delivered", len(chat.Accepted()))
	// Output:
	// disk full refused the robot was removed from the group <nil>
	// 1 <nil>
	// delivered 1
}

// refused is an error that no repetition mends.
type refused struct{}

func (refused) Error() string   { return "the robot was removed from the group" }
func (refused) Retryable() bool { return false }

// People look at the outbox behind the log-in of your program.
func ExampleOutbox_Handler() {
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = box.Route("chat", &alerttest.Recorder{}, nil)
	_ = box.Send(context.Background(), alert.Alert{ID: "1", Name: "disk full"})
	authenticated := func(next http.Handler) http.Handler { return next } // yours
	mux := http.NewServeMux()
	mux.Handle("/outbox/", authenticated(http.StripPrefix("/outbox", box.Handler())))

	page := httptest.NewRecorder()
	mux.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/outbox/routes/chat/dead", http.NoBody))
	fmt.Println(page.Code, page.Body)
	// Output: 200 {"alerts":[]}
}

// A file keeps everything over restarts. The driver is yours; it is
// modernc.org/sqlite here. See docs/outbox.md for the settings.
func ExampleNewSQLStore() {
	_ = func(ctx context.Context) (*outbox.Store, error) {
		db, err := sql.Open("sqlite", "file:alerts.db?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(200)")
		if err != nil {
			return nil, err
		}
		return outbox.NewSQLStore(ctx, db, "sqlite")
	}
}
