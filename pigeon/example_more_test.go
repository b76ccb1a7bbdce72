package pigeon_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// demo returns a client before a stand-in.
func demo() (*pigeon.Client, *pigeontest.Server) {
	server := pigeontest.NewServer(&testing.T{}) // in a test: its t
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	if err != nil {
		panic(err)
	}
	return client, server
}

// order is what to call about.
func order() pigeon.Request {
	return pigeon.Request{
		CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID, Parameters: map[string]string{"text": "db-01, disk full"},
	}
}

// Place one call about one problem.
func ExampleClient_Invoke() {
	client, server := demo()
	chain, err := client.Invoke(context.Background(), order())
	fmt.Println(err, chain.ResultID == server.Chains()[0].ResultID, server.Placed())
	// Output: <nil> true 1
}

// The problem is over: nobody else need be woken.
func ExampleClient_Abort() {
	ctx := context.Background()
	client, server := demo()
	chain, err := client.Invoke(ctx, order())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Abort(ctx, chain.ResultID))
	server.Advance(time.Minute) // the telephone that was ringing then stops
	result, err := client.Result(ctx, chain.ResultID)
	fmt.Println(result.Outcome(nil), server.Dialled(), err)
	// Output:
	// <nil>
	// aborted 1 <nil>
}

// An error says whether a phone may be ringing. Only if not, calling again is
// safe.
func ExampleError() {
	client, server := demo()
	for _, failure := range []pigeontest.Failure{pigeontest.Unreachable(), pigeontest.ResetAfter()} {
		server.Fail(failure)
		_, err := client.Invoke(alert.Once(context.Background()), order())
		fmt.Println("may ring:", errors.Is(err, alert.ErrUncertain), "again:", alert.Retryable(err))
		if e, ok := errors.AsType[*pigeon.Error](err); ok {
			fmt.Println(e.Op, e.HTTPStatus)
		}
	}
	fmt.Println(server.Placed())
	// Output:
	// may ring: false again: true
	// invoke 0
	// may ring: true again: false
	// invoke 0
	// 1
}
