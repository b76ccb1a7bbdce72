//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
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

// junk is what stands in a row that cannot be read.
func junk() []string { return []string{"", "{", "null", `{"state":7,"name":7}`, "\x00\xff"} }

// A row that cannot be read stops no other, on any engine.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for i, doc := range junk() {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Run("route", func(t *testing.T) { testUnreadableRoute(t, e, doc) })
					t.Run("incident", func(t *testing.T) { testUnreadableIncident(t, e, doc) })
				})
			}
		})
	}
}

// spoil writes into rows what cannot be read.
func spoil(t *testing.T, raw *sql.DB, engine, table, where, doc string) {
	t.Helper()
	dialect, err := sqldb.ParseDialect(engine)
	require.NoError(t, err)
	_, err = raw.ExecContext(t.Context(), dialect.Bind("UPDATE "+table+" SET doc = ? WHERE "+where), []byte(doc))
	require.NoError(t, err)
}

// A route whose record is spoiled while it runs goes on, and says so; that of a
// telephone stands, for nobody knows what was ringing. The lists work.
func testUnreadableRoute(t *testing.T, e *realdb.Engine, doc string) {
	raw, _, _ := e.Open(t)
	store, err := outbox.NewSQLStore(t.Context(), raw, e.Name)
	require.NoError(t, err)
	phone, err := outbox.Open(store, nil)
	require.NoError(t, err)
	require.NoError(t, phone.Route("phone", new(alerttest.Recorder), &outbox.RouteOptions{NeverTwice: true}))
	require.NoError(t, phone.Send(t.Context(), event(0)))
	b, far, log := running(t, raw, e.Name, nil)
	require.NoError(t, b.Send(t.Context(), event(1)))
	delivered(t, far, 1)
	spoil(t, raw, e.Name, "outbox_routes", "1 = 1", doc)
	require.NoError(t, b.Send(t.Context(), event(2)))
	delivered(t, far, 2)
	require.Contains(t, log.String(), "the record of the route could not be read, begun anew")
	counts, err := b.Counts(t.Context())
	require.NoError(t, err)
	require.Len(t, counts, 2)
	require.Regexp(t, "^#[0-9]+$", counts[0].Route, "the phone: its row holds no name any more")
	require.Equal(t, 1, counts[0].Waiting)
	require.Equal(t, "route", counts[1].Route)
	_, err = b.Pending(t.Context(), "route", 0, 1)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- phone.Run(ctx) }()
	require.NoError(t, b.Send(t.Context(), event(3)))
	delivered(t, far, 3)
	require.Zero(t, phone.Stats().Routes["phone"].Messages)
	cancel()
	require.NoError(t, <-done)
}

// An incident that is spoiled takes no step; the others do.
func testUnreadableIncident(t *testing.T, e *realdb.Engine, doc string) {
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	raw := clock.OpenWith(t, driver, dsn)
	store, err := outbox.NewSQLStore(t.Context(), raw, e.Name)
	require.NoError(t, err)
	log := new(journal)
	b, err := outbox.Open(store, &outbox.Options{Poll: 10 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	first, second := new(alerttest.Recorder), new(alerttest.Recorder)
	esc, err := escalate.New(b, "oncall", []escalate.Step{
		{Name: "chat", Sender: first}, {Name: "phone", After: 10 * time.Minute, Sender: second},
	}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()
	send := func(id, key string) {
		require.NoError(t, b.Send(ctx, alert.Alert{Source: "test", ID: id, Key: key, Severity: alert.Critical, Status: alert.Firing}))
	}
	send("1", "bad")
	delivered(t, first, 1)
	require.Eventually(t, func() bool { // else its outcome is written over what is spoiled
		list, err := esc.Incidents(ctx, 0, 10)
		return err == nil && slices.ContainsFunc(list[0].Log, func(e escalate.Entry) bool { return e.Event == escalate.EventTold })
	}, time.Minute, time.Millisecond)
	spoil(t, raw, e.Name, "outbox_incidents", "1 = 1", doc)
	send("2", "good")
	delivered(t, first, 2)
	list, err := esc.Incidents(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	clock.Advance(11 * time.Minute)
	delivered(t, second, 1)
	require.Contains(t, log.String(), "incident cannot be read, skipped")
	send("3", "bad") // begins anew
	delivered(t, first, 3)
	list, err = esc.Incidents(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
}
