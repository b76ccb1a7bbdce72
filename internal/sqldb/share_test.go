package sqldb_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// A crowd is transactions that wait while another one has the writer.
type crowd struct {
	t    *testing.T
	fake *fakeDriver
	db   *sqldb.DB
	errs map[string]chan error
}

// newCrowd lets transactions come that do what they are to do, behind one that is
// under way. They are called by the one statement that each executes.
func newCrowd(t *testing.T, do map[string]func(context.Context) error, order ...string) *crowd {
	t.Helper()
	fake := &fakeDriver{}
	c := &crowd{t: t, fake: fake, db: fake.open(t), errs: make(map[string]chan error)}
	hold := make(chan struct{})
	c.start(t.Context(), "first", func(context.Context) error {
		<-hold
		return nil
	})
	synctest.Wait()
	for _, name := range order {
		c.start(t.Context(), name, do[name])
		synctest.Wait()
	}
	close(hold)
	require.NoError(t, <-c.errs["first"])
	return c
}

// start starts one transaction.
func (c *crowd) start(ctx context.Context, name string, do func(context.Context) error) {
	outcome := make(chan error, 1)
	c.errs[name] = outcome
	go func() {
		defer func() {
			if p := recover(); p != nil {
				outcome <- errPanicked
			}
		}()
		outcome <- c.db.Locked(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, name); err != nil || do == nil {
				return err
			}
			return do(ctx)
		})
	}()
}

var (
	errPanicked = errors.New("panicked")
	errNo       = errors.New("no")
)

func TestTransactionsShareACommit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		who  string
		do   func(context.Context) error
		want error // of that one
		log  []string
	}{
		{"all well", "b", nil, nil, []string{"begin", "a", "b", "c", "commit"}},
		{
			"the second fails", "b", func(context.Context) error { return errNo }, errNo,
			[]string{"begin", "a", "b", "rollback", "begin", "a", "commit", "begin", "b", "rollback", "begin", "c", "commit"},
		},
		{
			"the last fails", "c", func(context.Context) error { return errNo }, errNo,
			[]string{"begin", "a", "b", "c", "rollback", "begin", "a", "commit", "begin", "b", "commit", "begin", "c", "rollback"},
		},
		{
			"the second panics", "b", func(context.Context) error { panic("no") }, errPanicked,
			[]string{"begin", "a", "b", "rollback", "begin", "a", "commit", "begin", "c", "commit"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, map[string]func(context.Context) error{tt.who: tt.do}, "a", "b", "c")
				for _, name := range []string{"a", "b", "c"} {
					if err := <-c.errs[name]; name == tt.who {
						require.ErrorIs(t, err, tt.want)
					} else {
						require.NoError(t, err)
					}
				}
				log := c.fake.events()
				require.Equal(t, []string{"begin", "first", "commit"}, log[:3])
				require.ElementsMatch(t, tt.log, log[3:]) // who was rolled back follows in any order
				require.Equal(t, tt.log[:3], log[3:6])
			})
		})
	}
}

// The leader fails before the others had their turn.
func TestLeaderOfASharedCommitFails(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errNo }, "panic": func(context.Context) error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, map[string]func(context.Context) error{"a": do}, "a", "b", "c")
				require.Error(t, <-c.errs["a"])
				require.NoError(t, <-c.errs["b"])
				require.NoError(t, <-c.errs["c"])
				require.ElementsMatch(t, []string{"begin", "a", "rollback", "begin", "b", "commit", "begin", "c", "commit"}, c.fake.events()[3:])
			})
		})
	}
}

// Nobody knows whether a commit that failed took place, so all are told.
func TestSharedCommitFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, map[string]func(context.Context) error{}, "a")
		require.NoError(t, <-c.errs["a"])
		fail := func(context.Context) error {
			c.fake.failCommits(errNo)
			return nil
		}
		hold := make(chan struct{})
		c.start(t.Context(), "first", func(context.Context) error {
			<-hold
			return nil
		})
		synctest.Wait()
		for _, name := range []string{"b", "c"} {
			c.start(t.Context(), name, fail)
			synctest.Wait()
		}
		close(hold)
		require.NoError(t, <-c.errs["first"])
		require.ErrorIs(t, <-c.errs["b"], errNo)
		require.ErrorIs(t, <-c.errs["c"], errNo)
	})
}

// Who gives up while it waits has changed nothing, and holds nobody up.
func TestWaitingTransactionIsWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeDriver{}
		c := &crowd{t: t, fake: fake, db: fake.open(t), errs: make(map[string]chan error)}
		hold := make(chan struct{})
		c.start(t.Context(), "a", func(context.Context) error {
			<-hold
			return nil
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		c.start(ctx, "b", nil)
		c.start(t.Context(), "c", nil)
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-c.errs["b"], context.Canceled)
		close(hold)
		require.NoError(t, <-c.errs["a"])
		require.NoError(t, <-c.errs["c"])
		require.Equal(t, []string{"begin", "a", "commit", "begin", "c", "commit"}, fake.events())
	})
}

// Who gives up when the leader has it already holds nobody up either.
func TestTransactionInAGroupIsWithdrawn(t *testing.T) {
	t.Parallel()
	for _, leads := range []error{nil, errNo} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			fake := &fakeDriver{}
			c := &crowd{t: t, fake: fake, db: fake.open(t), errs: make(map[string]chan error)}
			hold, leader := make(chan struct{}), make(chan struct{})
			c.start(t.Context(), "first", func(context.Context) error {
				<-hold
				return nil
			})
			synctest.Wait()
			c.start(t.Context(), "a", func(context.Context) error {
				<-leader
				return leads
			})
			synctest.Wait()
			c.start(ctx, "b", nil)
			c.start(t.Context(), "c", nil)
			synctest.Wait()
			close(hold)
			synctest.Wait() // a leads, and has b and c in its group
			cancel()
			require.ErrorIs(t, <-c.errs["b"], context.Canceled)
			close(leader)
			require.ErrorIs(t, <-c.errs["a"], leads)
			require.NoError(t, <-c.errs["c"])
			require.NotContains(t, fake.events(), "b")
		})
	}
}

// Who is in no hurry waits for one who is, while such ones keep coming.
func TestUnhurriedWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		since time.Duration // between those in a hurry
		comes time.Duration // after the unhurried one
		log   []string
	}{
		{"in time", time.Millisecond, time.Millisecond / 2, []string{"begin", "worker", "last", "commit"}},
		{"too late", time.Millisecond, 10 * time.Millisecond, []string{"begin", "worker", "commit", "begin", "last", "commit"}},
		{"rare", time.Minute, time.Millisecond / 2, []string{"begin", "worker", "commit", "begin", "last", "commit"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeDriver{commitTime: time.Millisecond}
				c := &crowd{t: t, fake: fake, db: fake.open(t), errs: make(map[string]chan error)}
				for range 2 {
					<-time.After(tt.since)
					c.start(t.Context(), "accept", nil)
					require.NoError(t, <-c.errs["accept"])
				}
				c.start(sqldb.Unhurried(t.Context()), "worker", nil)
				<-time.After(tt.comes)
				c.start(t.Context(), "last", nil)
				require.NoError(t, <-c.errs["worker"])
				require.NoError(t, <-c.errs["last"])
				require.Equal(t, tt.log, fake.events()[6:])
			})
		})
	}
}

// What is executed again is prepared, as far as there is room; what cannot be prepared
// is executed all the same.
func TestStatementsStayPrepared(t *testing.T) {
	t.Parallel()
	fake := &fakeDriver{}
	db := fake.open(t)
	run := func(query string) {
		require.NoError(t, db.Locked(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), query)
			return err
		}))
	}
	for range 3 {
		run("usual")
		run("unpreparable")
	}
	require.Equal(t, 1, fake.prepared("usual"))
	for i := range 1000 {
		run("odd " + string(rune('a'+i%26)) + string(rune('a'+i/26)))
	}
	require.Less(t, fake.prepared(""), 200)
}
