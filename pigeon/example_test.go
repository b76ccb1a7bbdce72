package pigeon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// Start a chain and wait until somebody takes the incident.
func ExampleClient_Wait() {
	server := pigeontest.NewServer(&testing.T{}) // in a test: its t
	server.Answer = func(pigeontest.Dial) pigeontest.Pickup { return pigeontest.Pressed("1") }
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := client.Invoke(context.Background(), pigeon.Request{
		CallFlowID: pigeontest.CallFlowID,
		GuidanceID: pigeontest.GuidanceID,
		Parameters: map[string]string{"text": "db-01, disk full"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Advance(2 * time.Minute)
	result, err := client.Wait(context.Background(), chain.ResultID, nil)
	fmt.Println(result.Outcome(nil), err)
	// Output: acknowledged with key 1 <nil>
}

// After an answer that never came nobody knows whether phones ring. Look, and
// do not place another chain.
func ExampleClient_Fresh() {
	server := pigeontest.NewServer(&testing.T{})
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	before, err := client.Snapshot(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Fail(pigeontest.Instead(pigeontest.HTML(http.StatusServiceUnavailable)))
	_, err = client.Invoke(ctx, pigeon.Request{
		CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID,
		Parameters: map[string]string{"text": "db-01, disk full"},
	})
	fmt.Println(errors.Is(err, alert.ErrUncertain), alert.Retryable(err))
	fresh, err := client.Fresh(ctx, before)
	fmt.Println(len(fresh), fresh[0].Status, err)
	// Output:
	// true false
	// 1 calling <nil>
}

// One call for many alerts.
func ExampleNewSender() {
	server := pigeontest.NewServer(&testing.T{})
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := pigeon.Request{CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID}
	sender, err := pigeon.NewSender(client, plan, &pigeon.SenderOptions{
		Locale:    alert.English,
		OnInvoked: func(_ pigeon.Invocation, alerts int) { fmt.Println("placed a call about", alerts) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = sender.Send(context.Background(),
		alert.Alert{Severity: alert.Critical, Product: "rds", Instance: "db-01", Name: "disk full", Summary: "used > 95%"},
		alert.Alert{Severity: alert.Notice, Name: "backup late"},
	)
	fmt.Println(err)
	fmt.Println(server.Chains()[0].Text)
	// Output:
	// placed a call about 2
	// <nil>
	// Alert, 2 alerts, Critical, rds, db-01, disk full, 1 like this, 1 more, used above 95%
}

// Whom to call and what to say can be given with the request.
func ExampleRequest() {
	r := pigeon.Request{
		CallFlow: &pigeon.CallFlow{Loops: 2, Contacts: []pigeon.Contact{
			{Name: "on-call", Phones: []string{"090-0000-0001"}},
		}},
		Guidance: &pigeon.Guidance{
			Text: "{{text}}. 1 to take it, 2 for the next person.",
			Reactions: map[string]pigeon.Reaction{
				"1": {Behavior: pigeon.Terminate, Text: "Thank you."},
				"2": {Behavior: pigeon.Continue},
			},
		},
		Parameters: map[string]string{"text": "db-01, disk full"},
	}
	fmt.Println(r)
	fmt.Println(r.CallFlow)
	// Output:
	// call flow inline, 1 contacts; guidance inline; 1 parameters
	// 2 rounds over [on-call [090******01]]
}
