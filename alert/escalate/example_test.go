package escalate_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A group hears at once, and the telephone rings after five minutes unless
// somebody has taken the problem.
func ExampleNew() {
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	links := make(chan string, 1)
	group := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		if alerts[0].Summary != "" {
			fmt.Println("group:", alerts[0].Name, "-", alerts[0].Summary)
			close(links)
			return nil
		}
		fmt.Println("group:", alerts[0].Name)
		links <- alerts[0].URL // of the page; here it is the token alone
		return nil
	})
	telephone := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
		// Place the call, and tell what it is known by. Then Watch can ask what
		// became of it, and Stop can end it.
		return escalate.TrackReference(ctx, "call-1")
	})
	duty, err := escalate.New(box, "duty", []escalate.Step{
		{Name: "group", Sender: group, Link: func(token string) string { return token }},
		{Name: "telephone", After: 5 * time.Minute, Sender: telephone, Route: outbox.RouteOptions{NeverTwice: true}},
	}, &escalate.Options{Locale: alert.English})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { _ = box.Run(ctx) }()

	if err := box.Send(ctx, alert.Alert{Source: "db", ID: "1", Key: "disk", Name: "disk full"}); err != nil {
		fmt.Println(err)
		return
	}
	token := <-links
	for { // a moment after the message the link is known
		if _, err := duty.Acknowledge(ctx, token, "Zhang Wei"); err == nil {
			break
		}
	}
	<-links
	// Output:
	// group: disk full
	// group: disk full - Zhang Wei has taken it
}
