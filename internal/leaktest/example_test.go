package leaktest_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// A client that wraps the error of net/http shows the key of its webhook.
func ExampleCheck() {
	test := func(tb testing.TB) {
		cause := &url.Error{Op: "Post", URL: "https://robot.example/send?key=k-123456", Err: fmt.Errorf("no route to host")}
		leaktest.Check(tb, []string{"k-123456"}, fmt.Errorf("notify: %w", cause))
	}
	r := &recorder{}
	test(r)
	fmt.Println(r.failures[0])
	// Output:
	// leaktest: value 1 of 1 (*fmt.wrapError): %v shows secret 1 of 1, as it is
}
