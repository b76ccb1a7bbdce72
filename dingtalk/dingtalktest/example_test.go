package dingtalktest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// notifyDeploy stands for the code of an importer that is to be tested.
func notifyDeploy(ctx context.Context, s alert.Sender, version string) error {
	return s.Send(ctx, alert.Alert{Severity: alert.Notice, Name: "deployed " + version})
}

// The body of a test in a program that uses package dingtalk: the answer to
// the first attempt is lost, and the second attempt shows nothing twice.
func Example() {
	test := func(t testing.TB) {
		server := dingtalktest.NewServer(t)
		server.Secret = "SEC-of-the-robot"
		robot, err := dingtalk.New(server.URL(), &dingtalk.Options{
			HTTPClient: server.Client(),
			Secret:     server.Secret,
			At:         dingtalk.At{Mobiles: []string{"13800000001"}},
		})
		if err != nil {
			t.Fatal(err)
		}

		server.Fail(dingtalktest.ResetAfter())
		if err := notifyDeploy(t.Context(), robot, "v1.2.3"); err != nil {
			t.Error(err)
		}

		messages := server.Messages()
		fmt.Println(server.Attempts(), "attempts,", len(messages), "message")
		fmt.Println(strings.Contains(messages[0].Text, "deployed v1.2.3"))
		fmt.Println("told:", messages[0].Mentioned)
	}
	test(&exampleTB{})
	// Output:
	// 2 attempts, 1 message
	// true
	// told: [13800000001]
}

// exampleTB takes the place of the *testing.T that a real test has.
type exampleTB struct{ testing.TB }

func (*exampleTB) Helper()                  {}
func (*exampleTB) Cleanup(func())           {}
func (*exampleTB) Context() context.Context { return context.Background() }
func (*exampleTB) Error(args ...any)        { fmt.Println(args...) }
func (*exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
