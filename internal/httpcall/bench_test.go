package httpcall_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// BenchmarkSend posts one message to a server on the loopback interface:
// through Do, with bare net/http (the floor: the answer is read and thrown
// away), and with retryablehttp as it comes.
func BenchmarkSend(b *testing.B) {
	message := bytes.Repeat([]byte("警"), 400)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	defer server.Close()
	address := server.URL + "/cgi-bin/webhook/send?key=" + secretKey

	b.Run("tocsin", func(b *testing.B) {
		c := httpcall.New(httpcall.Options{Channel: "wecom", Limit: httpcall.NewLimiter(0, 1)})
		r := post(server.URL)
		r.Body = message
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Do(b.Context(), r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		std, ok := http.DefaultTransport.(*http.Transport)
		require.True(b, ok)
		client := &http.Client{Transport: std.Clone()}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, bytes.NewReader(message))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			drain(b, client.Do, req)
		}
	})
	b.Run("retryablehttp", func(b *testing.B) {
		client := retryablehttp.NewClient()
		client.Logger = nil
		b.ReportAllocs()
		for b.Loop() {
			req, err := retryablehttp.NewRequestWithContext(b.Context(), http.MethodPost, address, message)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			drain(b, client.Do, req)
		}
	})
}

func drain[R any](b *testing.B, do func(R) (*http.Response, error), req R) {
	resp, err := do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		b.Fatal(err)
	}
}
