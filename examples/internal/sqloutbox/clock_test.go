//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

const clockMended = "stored times lay too far ahead"

// A clock of a database that is set back stops nothing, whatever is waiting by it:
// an alert for its next attempt, a route after a failure, a budget, a lease that
// nobody gives back, an escalation.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for _, back := range []time.Duration{time.Hour, 8 * time.Hour} {
				t.Run(back.String(), func(t *testing.T) {
					t.Run("running", func(t *testing.T) { testSetBack(t, e, back) })
					t.Run("lease of the dead", func(t *testing.T) { testDeadOwner(t, e, back) })
					t.Run("escalation", func(t *testing.T) { testEscalationSetBack(t, e, back) })
				})
			}
		})
	}
}

func testSetBack(t *testing.T, e *realdb.Engine, back time.Duration) {
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	b, far, log := running(t, clock.OpenWith(t, driver, dsn), e.Name, nil)
	require.NoError(t, b.Send(t.Context(), event(0)))
	delivered(t, far, 1)
	refused := make(chan struct{})
	far.Next(func(context.Context, ...alert.Alert) error {
		defer close(refused)
		return errors.New("not now")
	})
	require.NoError(t, b.Send(t.Context(), event(1)))
	<-refused
	clock.Advance(-back)
	require.NoError(t, b.Send(t.Context(), event(2)))
	delivered(t, far, 3)
	require.LessOrEqual(t, strings.Count(log.String(), clockMended), 2, "it is said once, or for the lease and once more")
	require.Contains(t, log.String(), clockMended)
}

// A lease whose owner died ends in its time by the clock that was set back.
func testDeadOwner(t *testing.T, e *realdb.Engine, back time.Duration) {
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	raw := clock.OpenWith(t, driver, dsn)
	store, err := outbox.NewSQLStore(t.Context(), raw, e.Name)
	require.NoError(t, err)
	dead, err := outbox.Open(store, nil)
	require.NoError(t, err)
	require.NoError(t, dead.Route("route", new(alerttest.Recorder), nil))
	require.NoError(t, dead.Send(t.Context(), event(0)))
	now := time.Now().UnixMilli()
	setRecord(t, raw, e.Name, fmt.Sprintf(`{"name":"route","owner":"x","epoch":7,"lease":60000,"expires":%d,"seen":%d}`, now+60_000, now))
	clock.Advance(-back)
	b, far, log := running(t, raw, e.Name, nil)
	require.NoError(t, b.Send(t.Context(), event(1)))
	for deadline := time.Now().Add(time.Minute); !strings.Contains(log.String(), clockMended); {
		require.True(t, time.Now().Before(deadline))
		<-time.After(10 * time.Millisecond)
	}
	require.Empty(t, far.Accepted(), "it may be alive")
	clock.Advance(time.Minute)
	delivered(t, far, 2)
	require.Equal(t, 1, strings.Count(log.String(), clockMended))
}

// Times that nothing can mean, a year ahead, are waited for as long as the longest
// wait, and then everything goes on.
func TestTimesOfAYear(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			var clock realdb.Clock
			_, driver, dsn := e.Open(t)
			raw := clock.OpenWith(t, driver, dsn)
			store, err := outbox.NewSQLStore(t.Context(), raw, e.Name)
			require.NoError(t, err)
			before, err := outbox.Open(store, nil)
			require.NoError(t, err)
			require.NoError(t, before.Route("route", new(alerttest.Recorder), nil))
			require.NoError(t, before.Send(t.Context(), event(0), event(1)))
			year := time.Now().AddDate(1, 0, 0).UnixMilli()
			setRecord(t, raw, e.Name, fmt.Sprintf(`{"name":"route","owner":"x","epoch":7,"lease":60000,"expires":%d,"rate":%d,"pausedUntil":%d}`, year, 1000*year, year))
			_, err = raw.ExecContext(t.Context(), fmt.Sprintf("UPDATE outbox_jobs SET due = %d", year))
			require.NoError(t, err)
			b, far, log := running(t, raw, e.Name, nil)
			require.NoError(t, b.Send(t.Context(), event(2)))
			for deadline := time.Now().Add(time.Minute); !strings.Contains(log.String(), clockMended); {
				require.True(t, time.Now().Before(deadline))
				<-time.After(10 * time.Millisecond)
			}
			clock.Advance(time.Hour)
			delivered(t, far, 3)
		})
	}
}

// setRecord writes the record of the only route by hand.
func setRecord(t *testing.T, raw *sql.DB, engine, doc string) {
	t.Helper()
	dialect, err := sqldb.ParseDialect(engine)
	require.NoError(t, err)
	_, err = raw.ExecContext(t.Context(), dialect.Bind("UPDATE outbox_routes SET doc = ?"), []byte(doc))
	require.NoError(t, err)
}

// The steps of an escalation come, at their distances from then on.
func testEscalationSetBack(t *testing.T, e *realdb.Engine, back time.Duration) {
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	store, err := outbox.NewSQLStore(t.Context(), clock.OpenWith(t, driver, dsn), e.Name)
	require.NoError(t, err)
	b, err := outbox.Open(store, &outbox.Options{Poll: 10 * time.Millisecond})
	require.NoError(t, err)
	first, second := new(alerttest.Recorder), new(alerttest.Recorder)
	_, err = escalate.New(b, "oncall", []escalate.Step{
		{Name: "chat", Sender: first}, {Name: "phone", After: 10 * time.Minute, Sender: second},
	}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()
	send := func(id string) {
		require.NoError(t, b.Send(ctx, alert.Alert{Source: "test", ID: id, Key: id, Severity: alert.Critical, Status: alert.Firing}))
	}
	send("a")
	delivered(t, first, 1)
	clock.Advance(-back)
	send("b")
	delivered(t, first, 2)
	for minutes := 0; len(second.Accepted()) < 2; minutes++ {
		require.Less(t, minutes, 30, "no step is much further off than its pause")
		clock.Advance(time.Minute)
		<-time.After(50 * time.Millisecond)
	}
}
