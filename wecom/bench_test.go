package wecom_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// BenchmarkSend compares a whole send (render, post, judge) with its floor,
// the bare post of the same bytes with net/http. Both are answered by the
// cheapest of servers over the loopback.
func BenchmarkSend(b *testing.B) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body) // one client at a time
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	b.Cleanup(server.Close)
	url := server.URL + "/cgi-bin/webhook/send?key=bench"
	robot, err := wecom.New(url, &wecom.Options{Rate: -1})
	require.NoError(b, err)
	a := sample()
	require.NoError(b, robot.Send(b.Context(), a))
	constant := bytes.Clone(body)

	b.Run("floor", func(b *testing.B) {
		client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		b.Cleanup(client.CloseIdleConnections)
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(constant))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
	b.Run("tocsin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := robot.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDigest shows what 5,000 alerts cost before they are posted.
func BenchmarkDigest(b *testing.B) {
	robot, server := newRobot(b, &wecom.Options{Rate: -1})
	server.Rate = 0
	storm := storm(5000, 100)
	b.ReportAllocs()
	for b.Loop() {
		if err := robot.Send(b.Context(), storm...); err != nil {
			b.Fatal(err)
		}
	}
}
