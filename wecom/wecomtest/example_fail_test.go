package wecomtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// What goes wrong with robots, in turn: what does your code make of it?
func ExampleServer_Fail() {
	server := wecomtest.NewServer(&testing.T{}) // in a test: its t
	robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Fail(
		wecomtest.Errcode(93000), // the robot was removed from the group
		wecomtest.HTML(502),      // a proxy in between
		wecomtest.ResetAfter(),   // it was taken, and the answer got lost
	)
	for range 4 {
		err := robot.Send(alert.Once(context.Background()), alert.Alert{Name: "disk full"})
		fmt.Println(err == nil, alert.Retryable(err), errors.Is(err, alert.ErrUncertain))
	}
	fmt.Println(server.Attempts(), "attempts,", len(server.Messages()), "messages")
	// Output:
	// false false false
	// false true false
	// false true true
	// true false false
	// 4 attempts, 2 messages
}

// A stand-in is as strict as the vendor: 20 messages a minute.
func ExampleServer_Messages() {
	server := wecomtest.NewServer(&testing.T{})
	robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client(), Rate: -1, FailFast: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	refused := 0
	for i := range 25 {
		if err := robot.Post(context.Background(), wecom.Text{Content: fmt.Sprint("message ", i)}); err != nil {
			refused++
		}
	}
	fmt.Println(len(server.Messages()), "accepted,", refused, "refused, the last:", server.Messages()[19].Content)
	// Output:
	// 20 accepted, 5 refused, the last: message 19
}
