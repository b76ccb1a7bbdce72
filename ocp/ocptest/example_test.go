package ocptest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// The body of a test in a program that uses package ocp: the answer to the
// first attempt is lost, and the alarm ends when nobody pushes it any more.
func Example() {
	test := func(t testing.TB) {
		server := ocptest.NewServer(t)
		server.Rules = map[string]ocptest.Rule{"disk_full": {Level: 2}}
		client, err := ocp.NewClient(server.URL(), ocp.Basic(server.User, server.Password), &ocp.Options{HTTPClient: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		server.Fail(ocptest.ResetAfter())
		if err := client.Push(t.Context(), ocp.Alarm{Type: "disk_full", Target: "host=db-1"}); err != nil {
			t.Error(err)
		}
		fmt.Println(server.Attempts(), "attempts,", len(server.Pushes()), "pushes")
		server.Advance(5 * time.Minute)
		for a, err := range client.Alarms(t.Context(), nil) {
			fmt.Println(a.Resource, a.Status, err)
		}
	}
	test(&exampleTB{})
	// Output:
	// 2 attempts, 2 pushes
	// host=db-1 resolved <nil>
}

// exampleTB takes the place of the *testing.T that a real test has.
type exampleTB struct{ testing.TB }

func (*exampleTB) Helper()                  {}
func (*exampleTB) Cleanup(func())           {}
func (*exampleTB) Context() context.Context { return context.Background() }
func (*exampleTB) Error(args ...any)        { fmt.Println(args...) }
func (*exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
