package dingtalk_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk"
)

// BenchmarkSend compares a whole send (render, sign, post, judge) with its
// floor, the bare post of the same bytes to the same address with net/http.
// Both are answered by the cheapest of servers over the loopback.
func BenchmarkSend(b *testing.B) {
	var body []byte
	var url string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body) // one client at a time
		url = r.URL.String()
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	b.Cleanup(server.Close)
	plain, err := dingtalk.New(testToken, &dingtalk.Options{BaseURL: server.URL, Rate: -1})
	require.NoError(b, err)
	signing, err := dingtalk.New(testToken, &dingtalk.Options{BaseURL: server.URL, Rate: -1, Secret: testSecret})
	require.NoError(b, err)
	a := bandwidth()
	require.NoError(b, signing.Send(b.Context(), a))
	address, constant := server.URL+url, bytes.Clone(body)

	b.Run("floor", func(b *testing.B) {
		client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		b.Cleanup(client.CloseIdleConnections)
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, bytes.NewReader(constant))
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
	for name, robot := range map[string]*dingtalk.Robot{"tocsin": plain, "tocsin signed": signing} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := robot.Send(b.Context(), a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
