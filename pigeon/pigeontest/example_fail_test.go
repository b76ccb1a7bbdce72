package pigeontest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// The body of a test in a program that calls through Pigeon: whatever goes wrong,
// no telephone rings twice.
func ExampleServer_Fail() {
	server := pigeontest.NewServer(&testing.T{}) // in a test: its t
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone, err := pigeon.NewSender(client, pigeon.Request{CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Fail(pigeontest.Unreachable(), pigeontest.ResetAfter())
	for range 2 {
		err := phone.Send(alert.Once(context.Background()), alert.Alert{Name: "disk full", Severity: alert.Critical})
		fmt.Println("uncertain:", errors.Is(err, alert.ErrUncertain), "again:", alert.Retryable(err), "placed:", server.Placed())
	}
	// Output:
	// uncertain: false again: true placed: 0
	// uncertain: true again: false placed: 1
}
