package snmptraptest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// reportDisk stands for the code of an importer that is to be tested.
func reportDisk(ctx context.Context, s alert.Sender, used int) error {
	return s.Send(ctx, alert.Alert{
		Key: "disk", Severity: alert.Major, Name: "磁盘使用率过高", Instance: "db-01", Summary: fmt.Sprintf("%d%% used", used),
	})
}

// The body of a test in a program that uses package snmptrap.
func Example() {
	const base = "1.3.6.1.4.1.32473" // use the number of your own enterprise
	test := func(t testing.TB) {
		console := snmptraptest.Listen(t, nil)
		s, err := snmptrap.New([]string{console.Addr()}, "my-community", base, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := reportDisk(t.Context(), s, 95); err != nil {
			t.Error(err)
		}
		trap, err := console.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		a, _ := trap.Alert(base)
		fmt.Println(trap.OID, trap.HasCommunity("my-community"))
		fmt.Println(a.Status, a.Severity, a.Name, a.Instance, a.Summary)
	}
	tb := &exampleTB{}
	test(tb)
	tb.end()
	// Output:
	// 1.3.6.1.4.1.32473.0.1 true
	// firing major 磁盘使用率过高 db-01 95% used
}

// exampleTB takes the place of the *testing.T that a real test has.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                           {}
func (tb *exampleTB) Cleanup(f func())               { tb.cleanups = append(tb.cleanups, f) }
func (*exampleTB) Context() context.Context          { return context.Background() }
func (*exampleTB) Error(args ...any)                 { fmt.Println(args...) }
func (*exampleTB) Errorf(format string, args ...any) { fmt.Printf(format, args...) }
func (*exampleTB) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (tb *exampleTB) end() {
	for _, f := range tb.cleanups {
		f()
	}
}
