package autocalltest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// In real time against a URL. An answer without a code kills the app.
func ExampleConnect() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"msg":"oops"}`)
	}))
	defer server.Close()
	phone := autocalltest.Connect(server.URL+"/alert/phone", &autocalltest.Options{StartDelay: -1, PollInterval: time.Millisecond})
	err := phone.Run(context.Background())
	fmt.Println(errors.Is(err, autocalltest.ErrDied), err)
	// Output: true the app has died of the answer: no code
}

// A test of a server: somebody picks up after 20 seconds, which take no time.
func ExamplePhone() {
	_ = func(t *testing.T) { // func TestServer(t *testing.T)
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
}
