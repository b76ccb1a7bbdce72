package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

const (
	patience = time.Minute // for what happens by itself, in Go's time
	lease    = 10 * time.Minute
	poll     = 10 * time.Millisecond
	route    = "route"
)

// A harness is one check under way.
type harness struct {
	*testing.T

	ctx     context.Context //nolint:containedctx // of the one check that the harness is
	backend Backend
	store   *outbox.Store
}

func (x *harness) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// box opens an outbox with one route over the store of the harness. Its lease is so
// long that nothing lapses but by Advance.
func (x *harness) box(far alert.Sender, opts *outbox.RouteOptions) *outbox.Outbox {
	x.Helper()
	return x.boxOver(x.store, far, opts)
}

func (x *harness) boxOver(s *outbox.Store, far alert.Sender, opts *outbox.RouteOptions) *outbox.Outbox {
	x.Helper()
	b := x.open(s, outbox.Options{})
	x.must(b.Route(route, far, opts))
	return b
}

func (x *harness) open(s *outbox.Store, o outbox.Options) *outbox.Outbox {
	x.Helper()
	o.Lease, o.Poll = lease, poll
	b, err := outbox.Open(s, &o)
	x.must(err)
	return b
}

// other returns a store as another process would have it.
func (x *harness) other() *outbox.Store {
	if x.backend.Shared {
		return x.backend.Open()
	}
	return x.store
}

// run runs b until stop is called.
func (x *harness) run(b *outbox.Outbox) (stop func()) {
	ctx, cancel := context.WithCancel(x.ctx)
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			x.Errorf("Run: %v", err)
		}
	}
	x.Cleanup(stop)
	return stop
}

// until asks again and again, until the answer is yes.
func (x *harness) until(what string, yes func() bool) {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	for !yes() {
		select {
		case <-time.After(poll / 2):
		case <-ctx.Done():
			x.Fatalf("timed out waiting for %s", what)
		}
	}
}

// settles waits until nothing waits on the route of b.
func (x *harness) settles(b *outbox.Outbox) {
	x.Helper()
	x.settlesOn(b, route)
}

// settlesOn waits until nothing waits on a route.
func (x *harness) settlesOn(b *outbox.Outbox, route string) {
	x.Helper()
	x.until("everything to be settled on "+route, func() bool {
		list, err := b.Pending(x.ctx, route, 0, 1)
		return err == nil && len(list) == 0
	})
}

// failed waits until the store knows of a first failure.
func (x *harness) failed(b *outbox.Outbox) {
	x.Helper()
	x.until("a first message to fail", func() bool { return b.Stats().Routes[route].Retried > 0 })
}

// someTime lets a worker that has nothing to do look several times.
func (x *harness) someTime() { <-time.After(10 * poll) }

// dead returns the dead letters, which must be of one cause.
func (x *harness) dead(b *outbox.Outbox, cause outbox.Cause, want ...string) []outbox.QueuedAlert {
	x.Helper()
	list, err := b.Dead(x.ctx, route, 0, 500)
	x.must(err)
	var got []string
	for _, l := range list {
		got = append(got, l.Alert.Name)
		if l.Cause != cause || !l.Dead {
			x.Fatalf("dead letter of cause %q, and wanted %q", l.Cause, cause)
		}
	}
	if !slices.Equal(got, want) {
		x.Fatalf("dead letters %q, and wanted %q", got, want)
	}
	return list
}

// some returns alerts with these names, and IDs that are the names.
func some(of ...string) []alert.Alert {
	alerts := make([]alert.Alert, len(of))
	for i, n := range of {
		alerts[i] = alert.Alert{Source: "kit", ID: n, Name: n}
	}
	return alerts
}

// about returns alerts about one Key.
func about(key string, of ...string) []alert.Alert {
	alerts := some(of...)
	for i := range alerts {
		alerts[i].Key = key
	}
	return alerts
}

// numbered returns n names.
func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%04d", i)
	}
	return all
}

func names(alerts []alert.Alert) []string {
	var all []string
	for i := range alerts {
		all = append(all, alerts[i].Name)
	}
	return all
}

// equal compares lists.
func (x *harness) equal(what string, got, want []string) {
	x.Helper()
	if !slices.Equal(got, want) {
		x.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

// A fault is an error of a channel.
type fault struct {
	again bool
	after time.Duration
}

func (f fault) Error() string             { return "the far end did not take it" }
func (f fault) Retryable() bool           { return f.again }
func (f fault) RetryAfter() time.Duration { return f.after }
