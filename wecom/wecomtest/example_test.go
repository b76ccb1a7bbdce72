package wecomtest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// notifyDeploy stands for the code of an importer that is to be tested.
func notifyDeploy(ctx context.Context, s alert.Sender, version string) error {
	return s.Send(ctx, alert.Alert{Severity: alert.Info, Name: "deployed " + version})
}

// The body of a test in a program that uses package wecom: one message is
// refused for the moment, and the second attempt delivers it.
func Example() {
	test := func(t testing.TB) {
		server := wecomtest.NewServer(t)
		robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
		if err != nil {
			t.Fatal(err)
		}

		server.Fail(wecomtest.Errcode(-1))
		if err := notifyDeploy(t.Context(), robot, "v1.2.3"); err != nil {
			t.Error(err)
		}

		messages := server.Messages()
		fmt.Println(server.Attempts(), "attempts,", len(messages), "message")
		fmt.Println(strings.Contains(messages[0].Content, "deployed v1.2.3"))
	}
	test(&exampleTB{})
	// Output:
	// 2 attempts, 1 message
	// true
}

// exampleTB takes the place of the *testing.T that a real test has.
type exampleTB struct{ testing.TB }

func (*exampleTB) Helper()                  {}
func (*exampleTB) Cleanup(func())           {}
func (*exampleTB) Context() context.Context { return context.Background() }
func (*exampleTB) Error(args ...any)        { fmt.Println(args...) }
func (*exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
