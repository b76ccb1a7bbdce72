package pigeon_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// errBroken is the failure of a transport that tells nothing.
var errBroken = errors.New("connection reset by peer")

// TestFaults is the table of failures: what the caller gets to know, how often
// the vendor was asked with three attempts allowed, and how many chains were
// placed, which is never two.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     pigeontest.Failure
		always    bool // else once, and then all is well
		uncertain bool
		retryable bool
		status    int
		attempts  int
		placed    int
		succeeds  bool
		says      string
	}{
		{"dial refused once", pigeontest.Unreachable(), false, false, false, 0, 2, 1, true, ""},
		{"dial refused", pigeontest.Unreachable(), true, false, true, 0, 3, 0, false, "not sent: dial tcp: connection refused (3 attempts; retrying may help)"},
		{"429 once", pigeontest.RetryAfter(429, "7"), false, false, false, 0, 2, 1, true, ""},
		{"425 once", pigeontest.HTML(425), false, false, false, 0, 2, 1, true, ""},
		{"429", pigeontest.RetryAfter(429, "7"), true, false, true, 429, 3, 0, false, "refused: HTTP 429 Too Many Requests (3 attempts; retry after 7s)"},
		{"429 for an hour", pigeontest.RetryAfter(429, "3600"), true, false, true, 429, 1, 0, false, "retry after 1h0m0s"},
		{"429 for a day", pigeontest.RetryAfter(429, "86400"), true, false, true, 429, 1, 0, false, "retry after 1h0m0s"},
		{"reset before the request was read", pigeontest.Reset(), false, true, false, 0, 1, 0, false, "outcome unknown: read tcp: connection reset by peer"},
		{"reset after the request was read", pigeontest.ResetAfter(), false, true, false, 0, 1, 1, false, "outcome unknown: read tcp: connection reset by peer"},
		{"cut in mid-answer", pigeontest.Cut(), false, true, false, 200, 1, 1, false, "outcome unknown: HTTP 200 OK: unexpected EOF"},
		{"hangs", pigeontest.Hang(nil), false, true, false, 0, 1, 0, false, "outcome unknown: no answer within 10s"},
		{"hangs after placing", pigeontest.HangAfter(nil), false, true, false, 0, 1, 1, false, "outcome unknown: no answer within 10s"},
		{"500 page", pigeontest.HTML(500), false, true, false, 500, 1, 0, false, "outcome unknown: HTTP 500"},
		{"500 page after placing", pigeontest.Instead(pigeontest.HTML(500)), false, true, false, 500, 1, 1, false, "phones may be ringing"},
		{"502 page after placing", pigeontest.Instead(pigeontest.Reply(502, string(fixture(t, "error_502_synthetic.html")))), false, true, false, 502, 1, 1, false, "outcome unknown: HTTP 502"},
		{"503 with Retry-After after placing", pigeontest.Instead(pigeontest.RetryAfter(503, "1")), false, true, false, 503, 1, 1, false, "outcome unknown: HTTP 503"},
		{"504 after placing", pigeontest.Instead(pigeontest.HTML(504)), false, true, false, 504, 1, 1, false, "outcome unknown: HTTP 504"},
		{"408 after placing", pigeontest.Instead(pigeontest.HTML(408)), false, true, false, 408, 1, 1, false, "outcome unknown: HTTP 408"},
		{"page with 200 after placing", pigeontest.Instead(pigeontest.HTML(200)), false, true, false, 200, 1, 1, false, "outcome unknown: HTTP 200"},
		{"nothing with 200 after placing", pigeontest.Instead(pigeontest.Reply(200, "")), false, true, false, 200, 1, 1, false, "outcome unknown: HTTP 200 with 0 bytes"},
		{"answer over 1 MiB after placing", pigeontest.Instead(pigeontest.Reply(200, strings.Repeat(" ", 1<<20+1))), false, true, false, 200, 1, 1, false, "answer over 1 MiB"},
		{"400", pigeontest.Reply(400, string(fixture(t, "error_400_synthetic.json"))), false, false, false, 400, 1, 0, false, `the vendor says "params.callflowId: not found"`},
		{"401", pigeontest.Reply(401, string(fixture(t, "error_401_synthetic.json"))), false, false, false, 401, 1, 0, false, `the token is wrong or has expired; the vendor says "invalid token"`},
		{"403", pigeontest.HTML(403), false, false, false, 403, 1, 0, false, "not allowed"},
		{"404", pigeontest.HTML(404), false, false, false, 404, 1, 0, false, "there is no API of Pigeon at this address"},
		{"422", pigeontest.Reply(422, `{"error":"bad"}`), false, false, false, 422, 1, 0, false, "an id is unknown"},
		{"redirect", pigeontest.HTML(302), false, false, false, 302, 1, 0, false, "redirects are not followed"},
		{"501", pigeontest.HTML(501), false, false, false, 501, 1, 0, false, "refused: HTTP 501"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := &journal{}
				client, server := newClient(t, &pigeon.Options{
					User: "hq", Password: password,
					Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				if tt.always {
					server.FailAlways(tt.fault)
				} else {
					server.Fail(tt.fault)
				}
				_, err := client.Invoke(t.Context(), inline())
				require.Equal(t, tt.attempts, server.Attempts())
				require.Equal(t, tt.placed, server.Placed())
				require.Equal(t, tt.succeeds, err == nil, "%v", err)
				require.NotEmpty(t, log.String())
				leaktest.Check(t, []string{server.Token, password, number1, number2, "disk full"}, err, log.String())
				if tt.succeeds {
					return
				}
				e := asError(t, err)
				require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), err.Error())
				require.Equal(t, tt.retryable, alert.Retryable(err))
				require.Equal(t, tt.status, e.HTTPStatus)
				require.Contains(t, err.Error(), tt.says)
				require.True(t, strings.HasPrefix(err.Error(), "pigeon: invoke: "), err.Error())
				require.Equal(t, 1, strings.Count(err.Error(), "pigeon: invoke: "), err.Error())
				if tt.always && tt.retryable {
					before := server.Attempts()
					_, err := client.Invoke(alert.Once(t.Context()), prepared())
					require.Error(t, err)
					require.Equal(t, before+1, server.Attempts(), "one attempt under Once")
				}
			})
		})
	}
}

// TestSlowBody has an answer that stops half-way until the time is over.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := pigeontest.NewServer(t)
		slow := transport(func(r *http.Request) (*http.Response, error) {
			resp, err := server.Client().Transport.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"resultId":`), reader(func([]byte) (int, error) {
				<-r.Context().Done()
				return 0, r.Context().Err()
			})))
			return resp, nil
		})
		client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: &http.Client{Transport: slow}})
		require.NoError(t, err)
		_, err = client.Invoke(t.Context(), prepared())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.ErrorContains(t, err, "no answer within 10s")
		require.False(t, alert.Retryable(err))
		require.Equal(t, 1, server.Placed())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = client.Invoke(ctx, prepared())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2, server.Placed(), "one each")
	})
}

type reader func([]byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }

// TestNothingSent is about failures of real connections before a byte of the
// request has left.
func TestNothingSent(t *testing.T) {
	t.Parallel()
	server := pigeontest.NewServer(t)
	secure := httptest.NewUnstartedServer(server)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(server)
	t.Cleanup(plain.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	for name, far := range map[string]struct{ url, attempts string }{
		"certificate nobody trusts": {secure.URL, "1 attempt"}, // another one at once finds the same
		"no TLS at the other end":   {"https://" + strings.TrimPrefix(plain.URL, "http://"), "2 attempts"},
		"dial refused":              {"http://" + nobody.Addr().String(), "2 attempts"},
		"no such host":              {"https://pigeon.invalid", "2 attempts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := pigeon.New(far.url, server.Token, &pigeon.Options{MaxAttempts: 2})
			require.NoError(t, err)
			_, err = client.Invoke(t.Context(), inline())
			require.NotErrorIs(t, err, alert.ErrUncertain)
			require.True(t, alert.Retryable(err))
			require.ErrorContains(t, err, ": not sent: ")
			require.ErrorContains(t, err, far.attempts)
			leaktest.Check(t, []string{server.Token, number1}, err)
		})
	}
	t.Cleanup(func() { require.Zero(t, server.Placed()) })
}

// TestRealConnections has the same failures over sockets, where net/http has
// its own mind about repeating requests on connections that died.
func TestRealConnections(t *testing.T) {
	t.Parallel()
	server := pigeontest.NewServer(t)
	client, err := pigeon.New(server.Listen(t), server.Token, nil)
	require.NoError(t, err)
	invoke(t, client, prepared()) // leaves a connection to be used again
	placed := 1
	for _, fault := range []pigeontest.Failure{pigeontest.ResetAfter(), pigeontest.Cut(), pigeontest.Instead(pigeontest.HTML(503))} {
		server.Fail(fault)
		_, err := client.Invoke(t.Context(), prepared())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.False(t, alert.Retryable(err))
		placed++
		require.Equal(t, placed, server.Placed())
		invoke(t, client, prepared())
		placed++
	}
	server.Fail(pigeontest.Reset())
	_, err = client.Invoke(t.Context(), prepared())
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.Equal(t, placed, server.Placed())
}

// TestContextEnded sends nothing.
func TestContextEnded(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Invoke(ctx, prepared())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Zero(t, server.Attempts())
}

// TestSafeToRepeat shows that questions and stops are repeated after any
// failure that may pass.
func TestSafeToRepeat(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]pigeontest.Failure{
		"reset": pigeontest.ResetAfter(), "cut": pigeontest.Cut(), "503": pigeontest.RetryAfter(503, "2"), "500": pigeontest.HTML(500),
		"429": pigeontest.HTML(429), "page": pigeontest.HTML(200), "hang": pigeontest.Hang(nil), "unreachable": pigeontest.Unreachable(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := newClient(t, nil)
				id := invoke(t, client, prepared())
				server.Fail(fault)
				r, err := client.Result(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, pigeon.StateActive, r.State)
				server.Fail(fault)
				listed, err := client.Calls(t.Context(), 0, 10)
				require.NoError(t, err)
				require.Len(t, listed, 1)
				server.Fail(fault)
				require.NoError(t, client.Abort(t.Context(), id))
				require.Equal(t, 1, server.Placed())
			})
		})
	}
}

// TestLastAttemptCounts quotes no answer of an attempt before the last.
func TestLastAttemptCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.Fail(pigeontest.Reply(429, `{"message":"too many"}`), pigeontest.ResetAfter())
		_, err := client.Invoke(t.Context(), prepared())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.Empty(t, asError(t, err).Message)
		require.Zero(t, asError(t, err).HTTPStatus)
		require.Equal(t, 1, server.Placed())

		// The verdict of an attempt after which another one was due.
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		server.FailAlways(pigeontest.Reply(200, "[]"))
		_, err = client.Result(ctx, chainID)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, strings.HasPrefix(err.Error(), "pigeon: result: "))
		require.ErrorContains(t, err, "2 bytes that are not the vendor's answer")
		require.Equal(t, 200, asError(t, err).HTTPStatus)
		require.Equal(t, chainID, asError(t, err).ResultID)
	})
}
