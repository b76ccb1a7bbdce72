package ocp_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

func TestReset(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, reset, after string
		want               time.Duration
	}{
		{"seconds", "7", "", 7 * time.Second},
		{"blanks", " 7 ", "", 7 * time.Second},
		{"now", "0", "", time.Second},
		{"absent", "", "", ocp.DefaultReset},
		{"no number", "soon", "", ocp.DefaultReset},
		{"negative", "-3", "", ocp.DefaultReset},
		{"fraction", "1.5", "", ocp.DefaultReset},
		{"a moment in time", "1735689600", "", ocp.MaxReset},
		{"overflow", "9223372036854775807", "", ocp.MaxReset},
		{"beyond", "99999999999999999999", "", ocp.DefaultReset},
		{"of a gateway", "", "9", 9 * time.Second},
		{"both", "7", "9", 7 * time.Second},
		{"of a gateway, beside nonsense", "soon", "9", 9 * time.Second},
	} {
		h := http.Header{}
		h.Set("RateLimit-Reset", tt.reset)
		h.Set("Retry-After", tt.after)
		require.Equal(t, tt.want, ocp.Reset(h), tt.name)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.Fail(ocptest.TooMany("15"))
		began := time.Now()
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		require.GreaterOrEqual(t, time.Since(began), 15*time.Second)
		require.Equal(t, 2, server.Attempts(), "one refusal, one wait")

		server.Fail(ocptest.TooMany(""), ocptest.TooMany(""), ocptest.TooMany(""))
		began = time.Now()
		err := client.Push(t.Context(), someAlarm())
		require.Equal(t, ocp.DefaultReset, alert.RetryAfter(err))
		require.GreaterOrEqual(t, time.Since(began), 2*ocp.DefaultReset)
	})
}

func TestRateLimitHoldsOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.Fail(ocptest.TooMany("60"))
		require.Error(t, client.Push(t.Context(), someAlarm()))
		err := client.Push(alert.Once(t.Context()), someAlarm())
		require.ErrorContains(t, err, "rate budget")
		require.Equal(t, time.Minute, alert.RetryAfter(err))
		require.True(t, alert.Retryable(err))
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.Equal(t, 1, server.Attempts())
		began := time.Now()
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		require.Equal(t, time.Minute, time.Since(began))
	})
}
