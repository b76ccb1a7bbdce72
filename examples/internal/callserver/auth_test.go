package callserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A session ends after its time, and with its admin token.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{config: &Config{AdminToken: "admin-token"}}
		r := httptest.NewRequest(http.MethodGet, "/admin", http.NoBody)
		r.AddCookie(s.newSession(r))
		require.NotEmpty(t, s.session(r))
		require.Empty(t, (&service{config: &Config{AdminToken: "another"}}).session(r))
		pass(sessionTime - 1e9)
		require.NotEmpty(t, s.session(r))
		pass(1e9)
		require.Empty(t, s.session(r))
	})
}

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }
