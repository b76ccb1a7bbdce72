package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// begin lets a leader begin a commit of one entry, and three others wait for it.
func begin(t *testing.T, g *outbox.GroupCommit, ctx context.Context, commit func(context.Context, int) error) (leader, others chan error) { //nolint:revive // the group commit is what the test is about
	t.Helper()
	leader, others = make(chan error, 1), make(chan error, 3)
	go func() { leader <- g.Submit(ctx, 1, commit) }()
	synctest.Wait()
	for range 3 {
		go func() { others <- g.Submit(t.Context(), 2, commit) }()
	}
	synctest.Wait()
	return leader, others
}

// Those that wait share one transaction.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		hold := make(chan error, 1)
		leader, others := begin(t, outbox.NewGroupCommit(), t.Context(), func(_ context.Context, n int) error {
			sizes = append(sizes, n)
			return <-hold
		})
		hold <- nil
		require.NoError(t, <-leader)
		synctest.Wait()
		failure := errors.New("the database says no")
		hold <- failure
		for range 3 {
			require.ErrorIs(t, <-others, failure)
		}
		require.Equal(t, []int{1, 6}, sizes)
	})
}

// A leader that gives up takes nobody along: the others try again.
func TestLeaderLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := outbox.NewGroupCommit()
		commits := 0
		hold := make(chan struct{})
		commit := func(ctx context.Context, _ int) error {
			if commits++; commits == 2 {
				<-ctx.Done()
				return errors.New("the driver does not say that it was the context")
			}
			if commits == 1 {
				<-hold
			}
			return nil
		}
		first := make(chan error, 1)
		go func() { first <- g.Submit(t.Context(), 1, commit) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		second := make(chan error, 1)
		go func() { second <- g.Submit(ctx, 1, commit) }()
		synctest.Wait()
		third := make(chan error, 1)
		go func() { third <- g.Submit(t.Context(), 1, commit) }()
		synctest.Wait()
		close(hold)
		synctest.Wait() // the second one, which has waited longer, leads and has the third in its group
		require.Equal(t, 2, commits)
		cancel()
		require.NoError(t, <-first)
		err := <-second
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.NoError(t, <-third)
		require.Equal(t, 3, commits)
	})
}

// A Send that gives up before its commit began knows that nothing was accepted.
func TestWaiterLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := outbox.NewGroupCommit()
		hold := make(chan struct{})
		total := 0
		commit := func(_ context.Context, n int) error {
			<-hold
			total += n
			return nil
		}
		leader, _ := make(chan error, 1), 0
		go func() { leader <- g.Submit(t.Context(), 1, commit) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		waiter := make(chan error, 1)
		go func() { waiter <- g.Submit(ctx, 10, commit) }()
		synctest.Wait()
		cancel()
		err := <-waiter
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, alert.ErrUncertain)
		close(hold)
		require.NoError(t, <-leader)
		require.Equal(t, 1, total)
	})
}

// A commit that panics leaves nobody behind.
func TestCommitPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := outbox.NewGroupCommit()
		require.Panics(t, func() {
			_ = g.Submit(t.Context(), 1, func(context.Context, int) error { panic("in the driver") })
		})
		require.NoError(t, g.Submit(t.Context(), 1, func(context.Context, int) error { return nil }))
	})
}

// The leader waits for those who are about to come back, for half of a commit, and a
// lone caller for nobody.
func TestGroupCommitGathers(t *testing.T) {
	t.Parallel()
	const commitTime = 4 * time.Millisecond
	for _, tt := range []struct {
		name  string
		think []time.Duration // of each caller, from its commit to its next Send
		most  int             // commits, for ten Sends of each
	}{
		{"lone", []time.Duration{time.Millisecond}, 10},
		{"soon back", []time.Duration{0, 100 * time.Microsecond, 200 * time.Microsecond, time.Millisecond}, 12},
		{"one is late", []time.Duration{100 * time.Microsecond, 3 * time.Millisecond}, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := outbox.NewGroupCommit()
				commits, total, began := 0, 0, time.Now()
				callers := make(chan error, len(tt.think))
				for _, think := range tt.think {
					go func() {
						for range 10 {
							<-time.After(think)
							if err := g.Submit(t.Context(), 1, func(_ context.Context, n int) error {
								commits, total = commits+1, total+n
								<-time.After(commitTime)
								return nil
							}); err != nil {
								callers <- err
								return
							}
						}
						callers <- nil
					}()
				}
				for range tt.think {
					require.NoError(t, <-callers)
				}
				require.Equal(t, 10*len(tt.think), total)
				require.LessOrEqual(t, commits, tt.most)
				if len(tt.think) == 1 {
					require.Equal(t, 10*(commitTime+tt.think[0]), time.Since(began))
				}
			})
		})
	}
}

// What comes while a group waits for the store goes with it, once.
func TestGroupCommitCollectsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := outbox.NewGroupCommit()
		hold := make(chan struct{})
		var sizes []int
		commit := func(_ context.Context, collect func() int) error {
			sizes = append(sizes, collect())
			<-hold
			sizes = append(sizes, collect(), collect())
			return nil
		}
		outcomes := make(chan error, 2)
		for range 2 {
			go func() { outcomes <- g.SubmitLate(t.Context(), 1, commit) }()
			synctest.Wait()
		}
		close(hold)
		require.NoError(t, <-outcomes)
		require.NoError(t, <-outcomes)
		require.Equal(t, []int{1, 2, 2}, sizes)
	})
}
