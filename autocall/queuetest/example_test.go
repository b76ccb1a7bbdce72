package queuetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/queuetest"
)

// The whole test of a queue of your own, here of the one in memory.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestQueue(t *testing.T)
		queuetest.Run(t, true, func(t *testing.T) queuetest.Backend {
			t.Helper()
			return queuetest.Backend{Open: func(o *autocall.QueueOptions) queuetest.Queue {
				queue, err := autocall.NewMemoryQueue(o)
				if err != nil {
					t.Fatal(err)
				}
				return queue
			}}
		})
	}
}

// After a test under load, each call must have gone by the rules.
func ExampleCheckTrail() {
	ctx := context.Background()
	queue, err := autocall.NewMemoryQueue(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, _, err := queue.Enqueue(ctx, autocall.Call{People: []autocall.Person{{Number: "18700000001"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	given, _ := queue.Next(ctx, autocall.Phone{Name: "rack"})
	_, _ = queue.Answer(ctx, autocall.Outcome{Phone: autocall.Phone{Name: "rack"}, Mid: given.Mid})
	status, err := queue.Get(ctx, id)
	fmt.Println(len(given.Numbers), status.State, queuetest.CheckTrail(status), err)

	status.State = autocall.Answered // which nobody has told
	fmt.Println(queuetest.CheckTrail(status) != nil)
	// Output:
	// 1 exhausted <nil> <nil>
	// true
}
