package outbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

func Example() {
	done := make(chan struct{})
	chat := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		for _, a := range alerts {
			fmt.Println(a.Status, a.Name)
		}
		close(done)
		return nil
	})

	box, err := outbox.Open(outbox.NewMemoryStore(), nil) // NewSQLStore survives a restart
	if err != nil {
		fmt.Println(err)
		return
	}
	err = box.Route("chat", chat, &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	err = box.Send(ctx,
		alert.Alert{Key: "disk/db-1", ID: "17", Name: "disk almost full"},
		alert.Alert{Key: "disk/db-1", ID: "18", Name: "disk almost full", Status: alert.Resolved},
	)
	fmt.Println("kept:", err == nil)

	stopped := make(chan error)
	go func() { stopped <- box.Run(ctx) }()
	<-done
	cancel()
	fmt.Println("stopped:", <-stopped)
	// Output:
	// kept: true
	// firing disk almost full
	// resolved disk almost full
	// stopped: <nil>
}
