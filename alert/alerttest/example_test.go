package alerttest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func ExampleRecorder() {
	var r alerttest.Recorder
	r.Fail(errors.New("refused"))    // the first call
	r.FailEach(nil, errors.New("?")) // the second call: its second alert

	ctx := context.Background()
	fmt.Println(r.Send(ctx, alert.Alert{Name: "a"}))
	fmt.Println(r.Send(ctx, alert.Alert{Name: "b"}, alert.Alert{Name: "c"}))
	fmt.Println(r.Send(ctx, alert.Alert{Name: "d"}))
	for _, a := range r.Accepted() {
		fmt.Println("accepted", a.Name)
	}
	// Output:
	// refused
	// 1 of 2 alerts failed: ?
	// <nil>
	// accepted b
	// accepted d
}

// A channel's own test: a Sender, its fake far end, and the hooks there are.
func ExampleTestSender() {
	_ = func(t *testing.T) { // func TestConformance(t *testing.T)
		alerttest.TestSender(t, func(*testing.T) *alerttest.Harness {
			var far alerttest.Recorder // in real life a fake server
			return &alerttest.Harness{
				Sender:     &far,
				Messages:   func() int { return len(far.Calls()) },
				Delivered:  func() int { return len(far.Accepted()) },
				Hang:       far.Hang,
				Secrets:    []string{"the-key-of-the-robot"},
				OneMessage: true,
			}
		})
	}
}
