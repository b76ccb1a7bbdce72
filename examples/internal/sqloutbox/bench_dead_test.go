//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

const deadLetters = 40_000

// BenchmarkDeadLetters delivers alerts of one Key behind 40,000 dead letters of it,
// and as many of a route without. An operation is one alert, sent and delivered.
func BenchmarkDeadLetters(b *testing.B) {
	for name, start := range engines() {
		b.Run(name, func(b *testing.B) {
			e := start(b)
			for _, bc := range []struct {
				name string
				dead int
			}{{"none", 0}, {"dead=40000", deadLetters}} {
				b.Run(bc.name, func(b *testing.B) {
					arrived := make(chan struct{}, 1000)
					s, db := newSupply(b, e, 100, func(_ context.Context, alerts ...alert.Alert) error {
						for range alerts {
							arrived <- struct{}{}
						}
						return nil
					})
					for left := bc.dead; left > 0; left -= refill {
						s.sendKey(refill)
					}
					_, err := db.ExecContext(b.Context(), "UPDATE outbox_jobs SET stage = 1, due = accepted")
					require.NoError(b, err)
					stop := s.run()
					defer stop()
					for range 3 { // what the change above left behind
						s.sendKey(1)
						<-arrived
					}
					for b.Loop() {
						s.sendKey(1)
						<-arrived
					}
				})
			}
		})
	}
}

// sendKey sends alerts of one Key.
func (s *supply) sendKey(n int) {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		s.next++
		alerts[i] = sample(s.next)
		alerts[i].Key = "the same"
	}
	require.NoError(s, s.box.Send(s.Context(), alerts...))
}

// run runs the outbox until stop is called.
func (s *supply) run() (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan error, 1)
	go func() { done <- s.box.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(s, <-done)
	}
}

// BenchmarkHeldSnapshot delivers a backlog of 20,000, sent while the outbox runs
// on fresh tables, while another session holds a snapshot as a dump does, and
// without. An operation is one alert.
func BenchmarkHeldSnapshot(b *testing.B) {
	for name, start := range engines() {
		if name == "SQLite" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			e := start(b)
			for _, held := range []bool{false, true} {
				b.Run(map[bool]string{false: "free", true: "held"}[held], func(b *testing.B) {
					for b.Loop() {
						b.StopTimer()
						done := make(chan struct{})
						n := 0
						s, db := newSupply(b, e, 16, func(_ context.Context, alerts ...alert.Alert) error {
							before := n
							if n += len(alerts); before < backlog && n >= backlog {
								close(done)
							}
							return nil
						})
						s.send(1)
						if held {
							defer hold(b, db)()
						}
						stop := s.run()
						s.send(backlog)
						b.StartTimer()
						began := time.Now()
						<-done
						b.ReportMetric(float64(backlog)/time.Since(began).Seconds(), "alerts/s")
						b.StopTimer()
						stop()
						b.StartTimer()
					}
				})
			}
		})
	}
}

// hold takes a snapshot, until it is released.
func hold(tb testing.TB, db *sql.DB) (release func()) {
	tb.Helper()
	tx, err := db.BeginTx(context.WithoutCancel(tb.Context()), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	require.NoError(tb, err)
	n := 0
	require.NoError(tb, tx.QueryRowContext(tb.Context(), "SELECT COUNT(*) FROM outbox_jobs").Scan(&n))
	return func() { require.NoError(tb, tx.Rollback()) }
}
