package httpcall_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// refusal is the error type of an imaginary channel.
type refusal struct{ body string }

func (e *refusal) Error() string   { return "robot says " + e.body }
func (e *refusal) Retryable() bool { return false }

func ExampleCaller_Do() {
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") != "k" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "no such group") // with HTTP 200, as vendors do
	}))
	defer vendor.Close()

	caller := httpcall.New(httpcall.Options{Channel: "robot", HTTPClient: vendor.Client()})
	send := func(key secret.Text) error {
		_, err := caller.Do(context.Background(), &httpcall.Request{
			Op:   "send",
			URL:  func() (string, error) { return "http://example.com/send?key=" + key.Reveal(), nil },
			Body: []byte(`{"text":"disk full"}`),
			Judge: func(answer *httpcall.Response) error {
				if string(answer.Body) != "ok" {
					return &refusal{string(answer.Body)}
				}
				return nil
			},
			RepeatUncertain: true,
		})
		return err
	}
	for _, key := range []string{"k", "wrong"} {
		err := send(secret.New(key))
		fmt.Println(err)
		fmt.Println(alert.Retryable(err))
	}
	// Output:
	// robot says no such group
	// false
	// robot: send: example.com: refused: HTTP 403 Forbidden (1 attempt; retrying cannot help)
	// false
}
