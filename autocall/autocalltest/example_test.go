package autocalltest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// A test of a server: somebody picks up after 20 seconds, which take no time.
func ExamplePhone() {
	test := func(t *testing.T) { // func TestServer(t *testing.T)
		synctest.Test(t, func(t *testing.T) {
			server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, `{"code":1,"msg":"no alert"}`)
			})
			phone := autocalltest.New(server, "/alert/phone", &autocalltest.Options{
				Version: autocalltest.D,
				Dial: func(number string, nth int) autocalltest.Reply {
					return autocalltest.Reply{Ring: 20 * time.Second, Talk: 10 * time.Second}
				},
			})
			go func() { _ = phone.Run(t.Context()) }()
			<-time.After(5 * time.Minute)
			if calls := phone.Calls(); len(calls) != 0 {
				t.Errorf("it has dialled %d times", len(calls))
			}
		})
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}
