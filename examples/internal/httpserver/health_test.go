package httpserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/outbox"
)

// However many ask, the store is asked once a second.
func TestHealthIsCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var answer error
		h := NewHealth(slog.New(slog.DiscardHandler), func(context.Context) error {
			asked++
			return answer
		})
		ask := func() (int, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody))
			return w.Code, w.Body.String()
		}
		want := func(status int, text string) {
			t.Helper()
			gotStatus, gotText := ask()
			require.Equal(t, status, gotStatus)
			require.Equal(t, text, gotText)
		}
		want(200, "ok\n")
		answer = &outbox.Error{Op: "health", Err: errors.New("what is wrong")}
		want(200, "ok\n")
		<-time.After(healthEvery)
		want(503, "what is wrong\n")
		answer = nil
		want(503, "what is wrong\n")
		require.Equal(t, 2, asked)
		<-time.After(healthEvery)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { want(200, "ok\n") })
		}
		all.Wait()
		require.Equal(t, 3, asked)
	})
}

// A store that hangs is one that cannot be reached, also for those who wait, and
// whoever hangs up does not decide for them.
func TestHealthOfAStoreThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth(slog.New(slog.DiscardHandler), func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		require.ErrorIs(t, h.check(gone), context.DeadlineExceeded)
		require.Equal(t, healthTime, time.Since(began))
		require.Error(t, h.check(t.Context()))
		require.Equal(t, healthTime, time.Since(began))
	})
}
