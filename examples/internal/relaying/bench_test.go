package relaying

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
)

// BenchmarkCallback takes a callback from the request to an outbox in memory,
// which delivers to two destinations that accept at once, with the log on. The
// floor only decodes the body.
func BenchmarkCallback(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			require.NoError(b, json.Unmarshal(sample(), &m))
		}
	})
	b.Run("tocsin", func(b *testing.B) {
		c, err := Configure([]string{"-callback-secret", testSecret}, func(string) string { return "" }, io.Discard)
		require.NoError(b, err)
		accept := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil })
		r := &relay{
			config: c,
			log:    slog.New(slog.NewTextHandler(io.Discard, nil)), //nolint:sloglint // formatting is part of the cost
			leaves: []leaf{{route: "one", sender: accept}, {route: "two", sender: accept}},
		}
		c.db = database{Database: opendb.Memory()}
		require.NoError(b, r.openBox(b.Context()))
		r.handler, err = r.newHandler()
		require.NoError(b, err)
		stop := r.deliver(b.Context())
		defer func() { require.NoError(b, stop()) }()
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			// A new event each time, or it would be dropped as a repetition.
			body := bytes.Replace(sample(), []byte("000000000008"), fmt.Appendf(nil, "%012d", n), 2)
			body = bytes.Replace(body, []byte("80A5EE11"), fmt.Appendf(nil, "%08d", n), 1)
			req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/aliyun/"+testSecret, bytes.NewReader(body))
			w := httptest.NewRecorder()
			r.handler.ServeHTTP(w, req)
			require.Equal(b, http.StatusOK, w.Code)
		}
	})
}
