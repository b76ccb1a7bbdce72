package outbox_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// An asking is an error of a far end that asks for a wait.
type asking time.Duration

func (asking) Error() string               { return "not now" }
func (a asking) RetryAfter() time.Duration { return time.Duration(a) }

// A far end that asks for a year is asked again within an hour, and what was for
// it goes out then.
func TestRetryAfterOfAYear(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := new(alerttest.Recorder)
		far.Next(func(context.Context, ...alert.Alert) error { return asking(365 * 24 * time.Hour) })
		b := newBox(t, far, nil)
		stop := run(t, b)
		defer stop()
		began := time.Now()
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "a"}))
		for len(far.Accepted()) == 0 {
			require.Less(t, time.Since(began), 61*time.Minute)
			<-time.After(time.Second)
		}
		require.Greater(t, time.Since(began), 59*time.Minute)
	})
}

// A budget that is larger than before, or gone, holds from the restart on.
func TestLargerBudget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after outbox.Budget
	}{
		{"larger", outbox.Budget{Messages: 60, Per: time.Minute}},
		{"none", outbox.Budget{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, far, log := outbox.NewMemoryStore(), new(alerttest.Recorder), new(bytes.Buffer)
				for n, budget := range []outbox.Budget{{Messages: 1, Per: 24 * time.Hour}, tt.after} {
					b, err := outbox.Open(store, &outbox.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
					require.NoError(t, err)
					require.NoError(t, b.Route("route", far, &outbox.RouteOptions{Budget: budget}))
					stop := run(t, b)
					require.NoError(t, b.Send(t.Context(), alert.Alert{}))
					<-time.After(5 * time.Second)
					stop()
					require.Len(t, far.Accepted(), n+1)
				}
				require.Equal(t, 1, strings.Count(log.String(), "stored times lay too far ahead"))
			})
		})
	}
}
