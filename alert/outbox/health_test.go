package outbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// hush is what a driver may say.
var errHush = errors.New("password=hush")

// A healthCase is an outbox after a while.
type healthCase struct {
	box   *outbox.Outbox
	far   *alerttest.Recorder
	store *outbox.Store
	away  atomic.Bool // the store takes nothing
}

func newHealthCase(t *testing.T, opts *outbox.RouteOptions) *healthCase {
	t.Helper()
	c := &healthCase{far: new(alerttest.Recorder)}
	c.store = outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault {
		if c.away.Load() {
			return outbox.Fault{Before: errHush}
		}
		return outbox.Fault{}
	})
	var err error
	c.box, err = outbox.Open(c.store, nil)
	require.NoError(t, err)
	require.NoError(t, c.box.Route("chat", c.far, opts))
	return c
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want string // in the text; empty: healthy
		opts *outbox.RouteOptions
		run  func(t *testing.T, c *healthCase)
	}{
		{name: "idle", run: func(t *testing.T, c *healthCase) { t.Cleanup(run(t, c.box)) }},
		{name: "nobody runs and nothing waits", run: func(*testing.T, *healthCase) {}},
		{name: "nobody runs and something waits", want: `nobody delivers to route "chat"`, run: func(t *testing.T, c *healthCase) {
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
		}},
		{name: "paused", run: func(t *testing.T, c *healthCase) {
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
			require.NoError(t, c.box.Pause(t.Context(), "chat"))
			t.Cleanup(run(t, c.box))
		}},
		{name: "the destination is down", run: func(t *testing.T, c *healthCase) {
			for range 1000 {
				c.far.Fail(errors.New("down"))
			}
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
			t.Cleanup(run(t, c.box))
		}},
		{name: "the budget is spent", opts: &outbox.RouteOptions{Batch: 1, Budget: outbox.Budget{Messages: 1, Per: 2 * time.Hour}}, run: func(t *testing.T, c *healthCase) {
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}, alert.Alert{}, alert.Alert{}))
			t.Cleanup(run(t, c.box))
		}},
		{name: "another one delivers", run: func(t *testing.T, c *healthCase) {
			other, err := outbox.Open(c.store, nil)
			require.NoError(t, err)
			require.NoError(t, other.Route("chat", c.far, nil))
			t.Cleanup(run(t, other))
			<-time.After(time.Second)
			t.Cleanup(run(t, c.box))
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
		}},
		{name: "the sender hangs", want: `the sender of route "chat" has hung since`, run: func(t *testing.T, c *healthCase) {
			c.far.Next(func(context.Context, ...alert.Alert) error { <-time.After(20 * time.Minute); return nil })
			require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
			t.Cleanup(run(t, c.box))
		}},
		{name: "no write", want: "no alert can be accepted", run: func(t *testing.T, c *healthCase) {
			t.Cleanup(run(t, c.box))
			<-time.After(time.Second)
			c.away.Store(true)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newHealthCase(t, tt.opts)
				require.NoError(t, c.box.Health(t.Context()), "at first")
				tt.run(t, c)
				if !c.away.Load() {
					require.NoError(t, c.box.Health(t.Context()), "right after")
				}
				<-time.After(10 * time.Minute)
				err := c.box.Health(t.Context())
				c.away.Store(false)
				if tt.want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, tt.want)
				require.NotContains(t, err.Error(), "hush")
			})
		})
	}
}

// A worker that holds its lease and sends nothing is noticed; so is work that a
// process finds when it starts, but not before it had the time to do it.
func TestHealthOfARouteThatStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newHealthCase(t, nil)
		require.NoError(t, c.box.Send(t.Context(), alert.Alert{}))
		<-time.After(time.Hour)
		next, err := outbox.Open(c.store, nil)
		require.NoError(t, err)
		require.NoError(t, next.Route("chat", c.far, nil))
		require.NoError(t, next.Health(t.Context()), "it has just begun")
		require.Error(t, c.box.Health(t.Context()))
		outbox.HoldLease(t.Context(), c.store, "chat", time.Now().Add(time.Hour))
		<-time.After(4 * time.Minute)
		require.NoError(t, next.Health(t.Context()), "somebody has the lease")
		<-time.After(2 * time.Minute)
		require.ErrorContains(t, next.Health(t.Context()), `route "chat" has not moved for`)
	})
}
