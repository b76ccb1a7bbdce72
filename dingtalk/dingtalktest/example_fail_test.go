package dingtalktest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// What goes wrong with robots, in turn: what does your code make of it?
func ExampleServer_Fail() {
	server := dingtalktest.NewServer(&testing.T{}) // in a test: its t
	robot, err := dingtalk.New(server.URL(), &dingtalk.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Fail(
		dingtalktest.Errcode(300001), // the token is unknown
		dingtalktest.HTML(502),       // a proxy in between
		dingtalktest.ResetAfter(),    // it was taken, and the answer got lost
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
