package autocall_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tocsin-go/tocsin/autocall"
)

// A call from its beginning to its end, as a phone sees it.
func ExampleDispatcher() {
	ctx := context.Background()
	queue, err := autocall.NewMemoryQueue(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	call := autocall.Call{Key: "disk/db-1", People: []autocall.Person{{Name: "Li Si", Number: "18700000001"}}, Message: "disk full"}
	id, _, err := queue.Enqueue(ctx, call)
	_, joined, _ := queue.Enqueue(ctx, call) // the same problem again
	fmt.Println(joined, err)

	rack := autocall.Phone{Name: "rack"}
	given, err := queue.Next(ctx, rack)
	fmt.Println(given.Number, err)
	_, err = queue.Answer(ctx, autocall.Outcome{Phone: rack, Mid: given.Mid, Number: given.Number})
	fmt.Println(err)
	status, err := queue.Get(ctx, id)
	fmt.Println(status.State, status.By, err)
	// Output:
	// true <nil>
	// 18700000001 <nil>
	// <nil>
	// answered Li Si (187******01) <nil>
}

// What is over need not ring any more.
func ExampleDispatcher_CancelKey() {
	ctx := context.Background()
	queue, err := autocall.NewMemoryQueue(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, _, _ := queue.Enqueue(ctx, autocall.Call{Key: "disk/db-1", People: []autocall.Person{{Number: "18700000001"}}})
	ended, err := queue.CancelKey(ctx, "disk/db-1", "resolved")
	fmt.Println(ended == id, err)
	nothing, err := queue.Next(ctx, autocall.Phone{Name: "rack"})
	fmt.Println(nothing.IsZero(), err)
	// Output:
	// true <nil>
	// true <nil>
}

// What the app gets at the URL that is entered into it.
func ExampleHandler() {
	queue, err := autocall.NewMemoryQueue(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := autocall.NewHandler(queue, []autocall.Handset{{Name: "rack", Token: "put-a-random-token-here"}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	poll := func(token string) {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/phone/"+token+"/alert/phone", http.NoBody))
		fmt.Println(answer.Body)
	}
	poll("put-a-random-token-here")
	poll("a-token-that-was-guessed")
	// Output:
	// {"code":1,"msg":"no alert"}
	// {"code":2,"msg":"not found"}
}
