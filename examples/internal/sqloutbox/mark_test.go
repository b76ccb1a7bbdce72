//go:build unix

package sqloutbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A job whose number was given out before the mark of its route was raised, and which is
// committed after, is found all the same.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		if name == "SQLite" {
			continue // has one writer
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLateCommit(t, start(t))
		})
	}
}

func testLateCommit(t *testing.T, e *realdb.Engine) {
	db, _, _ := e.Open(t)
	s, _, err := jobstore.OpenSQL(t.Context(), db, e.Name)
	require.NoError(t, err)
	in := func(f func(jobstore.Txn) error) error { return s.Locked(t.Context(), f) }
	var route int64
	require.NoError(t, in(func(tx jobstore.Txn) (err error) {
		if _, err = tx.Reserve(1); err == nil {
			route, err = tx.Enroll("route")
		}
		return err
	}))
	accept := func(n int, first *int64, between func()) error {
		return in(func(tx jobstore.Txn) (err error) {
			if *first, err = tx.Reserve(n, route); err != nil {
				return err
			}
			between()
			jobs := make([]jobstore.Job, n)
			for i := range jobs {
				jobs[i] = jobstore.Job{Number: *first + int64(i), Route: route, Lane: jobstore.LaneRest, Due: tx.Now(), Accepted: tx.Now(), Doc: []byte("{}")}
			}
			return tx.Add(jobs)
		})
	}
	var first, late, later int64
	require.NoError(t, accept(2000, &first, func() {}))

	reserved, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() { done <- accept(1, &late, func() { close(reserved); <-commit }) }()
	<-reserved
	go func() { done <- accept(1, &later, func() {}) }()
	for range 2 { // with what the later one has committed, had it not to wait
		require.NoError(t, in(func(tx jobstore.Txn) error {
			if _, err := tx.Lock(route); err != nil {
				return err
			}
			jobs, err := tx.Due(route, 3000)
			require.NoError(t, err)
			numbers := make([]int64, len(jobs))
			for i := range jobs {
				numbers[i] = jobs[i].Number
			}
			_, err = tx.Remove(route, numbers[:len(numbers)-1])
			require.NoError(t, err)
			_, err = tx.Tally(route, 10)
			return err
		}))
	}
	var low int64
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT low FROM outbox_routes").Scan(&low))
	require.Equal(t, first+1998, low, "the last that was settled, since between two looks something urgent may have come")
	count := func() jobstore.Count {
		var c jobstore.Count
		require.NoError(t, s.Do(t.Context(), func(tx jobstore.Txn) error {
			_, err := tx.Look(route)
			require.NoError(t, err)
			c, err = tx.Count(route, jobstore.StageReady)
			c.Oldest = 0
			return err
		}))
		return c
	}
	require.Equal(t, jobstore.Count{Jobs: 1}, count())
	close(commit)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.NoError(t, in(func(tx jobstore.Txn) error {
		if _, err := tx.Lock(route); err != nil {
			return err
		}
		jobs, err := tx.Due(route, 10)
		require.NoError(t, err)
		require.Len(t, jobs, 3)
		require.Equal(t, late, jobs[1].Number)
		require.Equal(t, later, jobs[2].Number)
		return nil
	}))
	require.Equal(t, jobstore.Count{Jobs: 3}, count())
	require.NoError(t, in(func(tx jobstore.Txn) error {
		_, err := tx.Tally(route, 10)
		return err
	}))
	require.Equal(t, jobstore.Count{Jobs: 3}, count())
}
