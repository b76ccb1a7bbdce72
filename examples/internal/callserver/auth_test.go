package callserver

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
)

// A session ends after its time, or when somebody signs out: then its cookie is worth
// nothing, whoever kept it.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		begin := func(who string) *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/admin", http.NoBody)
			r.AddCookie(s.begin(r, who))
			return r
		}
		first, second := begin("Li"), begin("Wang")
		require.Equal(t, "Li", s.of(first).who)
		require.NotEqual(t, s.of(first).form, s.of(second).form)
		s.end(first)
		require.Zero(t, s.of(first))
		pass(sessionTime - 1e9)
		require.Equal(t, "Wang", s.of(second).who)
		pass(1e9)
		require.Zero(t, s.of(second))
		begin("Zhang")
		require.Len(t, s.all, 1, "what has ended is forgotten")
	})
}

// Browsers send the cookie over TLS alone, also where a proxy ends it.
func TestSecureCookie(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, header, value string
		tls, want           bool
	}{
		{name: "plain"},
		{name: "TLS", tls: true, want: true},
		{name: "proxy", header: "X-Forwarded-Proto", value: "https", want: true},
		{name: "proxies", header: "X-Forwarded-Proto", value: "HTTPS, http", want: true},
		{name: "plain to the proxy", header: "X-Forwarded-Proto", value: "http"},
		{name: "standard header", header: "Forwarded", value: `for=192.0.2.1;Proto="https", for=10.0.0.1`, want: true},
		{name: "standard header, plain", header: "Forwarded", value: "for=192.0.2.1;proto=http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/admin", http.NoBody)
			if r.Header.Set(tt.header, tt.value); tt.tls {
				r.TLS = new(tls.ConnectionState)
			}
			require.Equal(t, tt.want, new(sessions).begin(r, "").Secure)
			require.Equal(t, tt.want, cookie(r, "", -1).Secure)
		})
	}
}

// Who tries tokens is slowed down to one a second, alone or with many requests at once,
// and cannot fill the log. Others with the right token do not notice.
func TestGuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := newGuesses(slog.New(slog.NewTextHandler(&log, nil)), httpserver.Access{}.ClientIP)
		try := func(from, token string) (status int, took time.Duration) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin", http.NoBody)
			r.RemoteAddr = from + ":4711"
			began := time.Now()
			return g.check(r, token, "right"), time.Since(began)
		}
		const guesser, other = "[2001:db8::1]", "192.0.2.1"
		for range 3 * freeGuesses {
			status, _ := try(guesser, "")
			require.Equal(t, http.StatusUnauthorized, status, "no token is no guess")
		}
		for range freeGuesses {
			status, took := try(guesser, "wrong")
			require.Equal(t, http.StatusUnauthorized, status)
			require.Zero(t, took)
		}
		status, took := try(guesser, "wrong")
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, guessEvery, took)
		status, took = try(guesser, "right")
		require.Equal(t, http.StatusOK, status)
		require.Zero(t, took)

		for i := range 1000 { // from one network, all at once
			go try("[2001:db8::"+strconv.FormatInt(int64(i+2), 16)+"]", "wrong")
			synctest.Wait()
		}
		require.LessOrEqual(t, g.backlog(g.address(&http.Request{RemoteAddr: guesser + ":1"})), (freeGuesses+guessBacklog+1)*guessEvery)
		status, _ = try(guesser, "right")
		require.Equal(t, http.StatusTooManyRequests, status)
		status, took = try(other, "right")
		require.Equal(t, http.StatusOK, status)
		require.Zero(t, took)
		pass(time.Minute)
		status, _ = try(guesser, "right")
		require.Equal(t, http.StatusOK, status)
		pass(time.Minute) // in which the count of those left out is logged
		synctest.Wait()
		require.Less(t, bytes.Count(log.Bytes(), []byte("\n")), 20)
		require.Contains(t, log.String(), "admin token refused")
		require.NotContains(t, log.String(), "wrong\"\n")
		require.NotContains(t, log.String(), "right")

		for i := range 2 * maxGuessers { // addresses are bounded too
			go try("10."+strconv.Itoa(i>>16)+"."+strconv.Itoa(i>>8&255)+"."+strconv.Itoa(i&255), "wrong")
		}
		synctest.Wait()
		require.LessOrEqual(t, len(g.paid), maxGuessers+1)
		pass(time.Hour)
	})
}

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }
