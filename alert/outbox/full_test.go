package outbox_test

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// Beyond the limit nothing more is accepted, and somebody is told: the caller, who can
// try again, the log once, the metrics and the health check. What was accepted before is
// delivered, and then there is room again.
func TestFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b, err := outbox.Open(outbox.NewMemoryStore(), &outbox.Options{MaxWaiting: 10, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		var one, two alerttest.Recorder
		require.NoError(t, b.Route("one", &one, nil))
		require.NoError(t, b.Route("two", &two, nil))
		send := func(id string) error { return b.Send(t.Context(), alert.Alert{ID: id, Severity: alert.Critical}) }
		for i := range 5 { // each waits on two routes
			<-time.After(2 * time.Second)
			require.NoError(t, send(strconv.Itoa(i)))
		}
		<-time.After(2 * time.Second)
		for range 3 {
			err = send("late")
			require.ErrorIs(t, err, outbox.ErrFull)
			require.ErrorContains(t, err, "10 alerts wait, the limit is 10")
			require.True(t, alert.Retryable(err))
			require.NotErrorIs(t, err, alert.ErrUncertain)
			<-time.After(2 * time.Second)
		}
		require.ErrorContains(t, b.Health(t.Context()), "no alert can be accepted: the outbox is full")
		require.Contains(t, scrape(t, b), "tocsin_outbox_full 1\n")
		require.Contains(t, scrape(t, b), "tocsin_outbox_refused_alerts_total 3\n")
		require.Equal(t, 1, strings.Count(log.String(), "accepting stopped"), log.String())

		stop := run(t, b)
		<-time.After(10 * time.Second)
		require.NoError(t, b.Health(t.Context()))
		require.NoError(t, send("late"), "what was refused was not remembered")
		<-time.After(5 * time.Second)
		require.Len(t, one.Accepted(), 6)
		require.Len(t, two.Accepted(), 6)
		require.Contains(t, scrape(t, b), "tocsin_outbox_full 0\n")
		require.Equal(t, 1, strings.Count(log.String(), "accepting again"))
		stop()
	})
}

// A store that does not answer is not full: the Send itself says what is wrong.
func TestFullUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fault := outbox.Fault{}
		b, err := outbox.Open(outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault { return fault }), &outbox.Options{MaxWaiting: 1, MaxBytes: 1})
		require.NoError(t, err)
		require.NoError(t, b.Route("one", new(alerttest.Recorder), nil))
		fault.Before = forGood{}
		err = b.Send(t.Context(), alert.Alert{ID: "1"})
		require.Error(t, err)
		require.NotErrorIs(t, err, outbox.ErrFull)
	})
	for _, o := range []outbox.Options{{MaxWaiting: -1}, {MaxBytes: -1}} {
		_, err := outbox.Open(outbox.NewMemoryStore(), &o)
		require.Error(t, err)
	}
}
