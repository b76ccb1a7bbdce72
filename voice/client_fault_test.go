package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// What each fault costs: the phones that rang, never twice; the requests; and
// what the error says.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		fail             voicetest.Failure
		calls, attempts  int
		again, uncertain bool
		says             string
	}{
		{"refused", voicetest.Unreachable(), 0, 3, true, false, "not sent"},
		{"dies before the request is read", voicetest.Reset(), 0, 1, false, true, "it may have been done"},
		{"dies after the request", voicetest.ResetAfter(), 1, 1, false, true, "it may have been done"},
		{"dies in mid-answer", voicetest.Cut(), 1, 1, false, true, "unexpected EOF"},
		{"hangs", voicetest.Hang(nil), 0, 1, false, true, "no answer within 40s"},
		{"500 with a page", voicetest.HTML(500), 0, 1, false, true, "HTTP 500"},
		{"502 with a page", voicetest.HTML(502), 0, 1, false, true, "HTTP 502"},
		{"504 with a page", voicetest.HTML(504), 0, 1, false, true, "HTTP 504"},
		{"429 with Retry-After", voicetest.RetryAfter(429, "7"), 0, 3, true, false, "retry after 7s"},
		{"429 for long", voicetest.RetryAfter(429, "600"), 0, 1, true, false, "retry after 10m"},
		{"503 with Retry-After", voicetest.RetryAfter(503, "7"), 0, 1, false, true, "HTTP 503"},
		{"404", voicetest.HTML(404), 0, 1, false, false, "HTTP 404"},
		{"302", voicetest.HTML(302), 0, 1, false, false, "redirects are not followed"},
		{"200 with a page", voicetest.HTML(200), 0, 1, false, true, "no verdict"},
		{"200 with nothing", voicetest.Failure{}, 0, 1, false, true, "no verdict"},
		{"1306201", voicetest.ThirdPartyTimeout(), 0, 1, false, true, "1306201"},
		{"1306429", voicetest.RateLimited(), 0, 3, true, false, "1306429"},
		{"1306203", voicetest.Code(1306203, "ssl"), 0, 3, true, false, "1306203"},
	}
	for _, tt := range tests {
		for _, mode := range []voice.Mode{voice.ESB, voice.APIGateway} {
			t.Run(fmt.Sprint(tt.name, " ", mode), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					log := &journal{}
					logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
					c, esb := newClient(t, voice.ClientOptions{Logger: logger, Mode: mode})
					esb.FailAlways(tt.fail)
					s := newSender(t, c, three(), voice.SenderOptions{Logger: logger})
					err := s.Send(t.Context(), full())
					require.ErrorContains(t, err, tt.says)
					require.Equal(t, tt.again, alert.Retryable(err), "%v", err)
					require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
					require.Equal(t, tt.attempts, esb.Attempts())
					rang := map[string]int{}
					for _, call := range esb.Calls() {
						rang[call.Number]++
					}
					require.Len(t, rang, 3*tt.calls)
					for _, n := range rang {
						require.Equal(t, 1, n)
					}
					leaktest.Check(t, []string{numberA, numberB, numberC, esb.AppSecret}, err, log.String(), c, s)
				})
			})
		}
	}
}

// The faults that need a real connection.
func TestFaultTableOverSockets(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	tests := []struct {
		name             string
		serve            func(t *testing.T, esb *voicetest.ESB) (address string)
		calls            int
		again, uncertain bool
		says             string
	}{
		{"refused", func(*testing.T, *voicetest.ESB) string { return closed.URL }, 0, true, false, "connection refused"},
		{"certificate of a stranger", func(t *testing.T, esb *voicetest.ESB) string {
			server := httptest.NewUnstartedServer(esb)
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL
		}, 0, true, false, "not sent"},
		{"no TLS where it is expected", func(t *testing.T, esb *voicetest.ESB) string {
			return strings.Replace(esb.Listen(t), "http:", "https:", 1)
		}, 0, true, false, "not sent"},
		{"dies before the request is read", failingWith(voicetest.Reset()), 0, false, true, "it may have been done"},
		{"dies after the request", failingWith(voicetest.ResetAfter()), 1, false, true, "it may have been done"},
		{"dies in mid-answer", failingWith(voicetest.Cut()), 1, false, true, "it may have been done"},
		{"hangs", failingWith(voicetest.Hang(nil)), 0, false, true, "no answer within 300ms"},
		{"slow body", func(t *testing.T, esb *voicetest.ESB) string {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				esb.ServeHTTP(httptest.NewRecorder(), r)
				w.Header().Set("Content-Length", "1000")
				_, _ = io.WriteString(w, `{"result":true,`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}))
			t.Cleanup(server.Close)
			return server.URL
		}, 1, false, true, "no answer within 300ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			esb := voicetest.NewESB(t)
			c := clientOf(t, esb, tt.serve(t, esb), voice.ClientOptions{MaxAttempts: -1, Timeout: 300 * time.Millisecond})
			err := newSender(t, c, three()[:1], voice.SenderOptions{}).Send(t.Context(), full())
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, tt.again, alert.Retryable(err), "%v", err)
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
			require.Len(t, esb.Calls(), tt.calls)
			leaktest.Check(t, []string{numberA, esb.AppSecret}, err)
		})
	}
}

// failingWith returns a function that listens and fails.
func failingWith(f voicetest.Failure) func(*testing.T, *voicetest.ESB) string {
	return func(t *testing.T, esb *voicetest.ESB) string {
		t.Helper()
		esb.FailAlways(f)
		return esb.Listen(t)
	}
}

// A connection that was kept and has died meanwhile does not lead to a second
// request by net/http itself.
func TestDeadIdleConnection(t *testing.T) {
	t.Parallel()
	esb := voicetest.NewESB(t)
	c := clientOf(t, esb, esb.Listen(t), voice.ClientOptions{})
	request := voice.Request{Callees: three()[:1], Text: "x"}
	_, err := c.Call(t.Context(), request)
	require.NoError(t, err)
	esb.Fail(voicetest.ResetAfter())
	_, err = c.Call(t.Context(), request)
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.Len(t, esb.Calls(), 2)
	require.Equal(t, 2, esb.Attempts())
}

// A fault that passes is repeated within the call, which then rings once.
func TestRepetitionThatHelps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, esb := newClient(t, voice.ClientOptions{})
		esb.Fail(voicetest.Unreachable(), voicetest.RateLimited())
		begin := time.Now()
		report, err := c.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Len(t, esb.Calls(), 3)
		require.Equal(t, 3, esb.Attempts())
		require.GreaterOrEqual(t, time.Since(begin), 10*time.Second, "the rate limit says later")
		// Under Once nothing is repeated.
		esb.Fail(voicetest.Unreachable())
		_, err = c.Call(alert.Once(t.Context()), voice.Request{Callees: three(), Text: "x"})
		require.True(t, alert.Retryable(err))
		require.Equal(t, 4, esb.Attempts())
	})
}

// A limit hit while a repetition was due, and the end of ctx, keep both facts.
func TestInterruptedRepetition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, esb := newClient(t, voice.ClientOptions{})
		esb.FailAlways(voicetest.RateLimited())
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			_, err := c.Call(ctx, voice.Request{Callees: three(), Text: "x"})
			result <- err
		}()
		synctest.Wait()
		cancel()
		err := <-result
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, voice.CodeRateLimited)
		require.True(t, alert.Retryable(err))
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.Contains(t, err.Error(), "1306429")
	})
}
