package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

// repeatWindow is how long a delivery is remembered. CloudMonitor repeats a
// callback three times, at intervals it does not document, if it was not
// answered with 200. The window is short because a rule that still holds is
// reported anew after a while, and that report must get through.
const repeatWindow = 2 * time.Minute

// A relay is the program put together.
type relay struct {
	config  *config
	log     *slog.Logger
	out     *printer
	standIn *standIn // nil when real destinations are configured
	leaves  []leaf
	handler http.Handler
	closers []io.Closer
}

// A leaf is one destination: a group, or one receiver of traps.
type leaf struct {
	name   string // for people; no secret
	answer string // what it means that it accepted an alert
	quick  bool   // never waits for anybody
	sender alert.Sender

	// try sends an alert for -test and returns what the destination answered.
	// Nil: the sender, and answer.
	try func(context.Context, alert.Alert) (string, error)
}

// newRelay builds everything but opens no port to the outside. What a channel
// refuses comes back as a usage error.
func newRelay(ctx context.Context, c *config, log *slog.Logger, out *printer) (r *relay, err error) {
	r = &relay{config: c, log: log, out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if c.noDestination() {
		if r.standIn, err = startStandIn(ctx, out, log, c.demo); err != nil {
			return r, err
		}
		r.closers = append(r.closers, r.standIn)
		r.standIn.attract(c)
	}
	for _, add := range []func() error{r.addTraps, r.addWecom, r.addDingtalk} {
		if err := add(); err != nil {
			return r, err
		}
	}
	r.handler, err = r.newHandler()
	return r, err
}

// join makes one Sender of the leaves. Each remembers what it has delivered:
// when CloudMonitor calls again because one of them failed, the others are
// left in peace.
//
// Fanout alone would do. But a goroutine for a branch costs more than a trap
// does, so the branches that never wait are served in passing.
func (r *relay) join() alert.Sender {
	var quick, slow []alert.Sender
	for _, l := range r.leaves {
		s := alert.Chain(l.sender, alert.Dedup(repeatWindow), noteUse, l.named)
		if l.quick {
			quick = append(quick, s)
		} else {
			slow = append(slow, s)
		}
	}
	if len(slow) > 1 {
		slow = []alert.Sender{alert.Fanout(slow...)}
	}
	return inTurn(append(quick, slow...))
}

// named puts the name of the leaf before its errors, so that the log says
// which of several robots failed.
func (l leaf) named(next alert.Sender) alert.Sender {
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if err := next.Send(ctx, alerts...); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		return nil
	})
}

// inTurn tries one sender after the other, whatever becomes of them.
type inTurn []alert.Sender

// Send joins the errors, as Fanout does.
func (s inTurn) Send(ctx context.Context, alerts ...alert.Alert) error {
	var failed []error
	for _, sender := range s {
		if err := sender.Send(ctx, alerts...); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// newHandler puts the webhook before the destinations.
func (r *relay) newHandler() (http.Handler, error) {
	c := r.config
	opts := &aliyun.Options{Logger: r.log, Allow: c.allow, ClientIP: callerFinder{c.proxies}.find}
	if c.capture != "" {
		f, err := openCapture(c.capture)
		if err != nil {
			return nil, usageError{fmt.Errorf("-capture: %w", withoutPath(err))}
		}
		r.closers = append(r.closers, f)
		opts.Capture = func(e aliyun.Capture) {
			if err := f.add(e); err != nil {
				r.log.Error("callback not captured", "error", err)
			}
		}
	}
	h, err := aliyun.NewHandler(remarkRepeats(r.log)(r.join()), c.secret, opts)
	if err != nil {
		return nil, usageError{fmt.Errorf("-callback-secret: %w", err)}
	}
	return newMux(h), nil
}

// Close ends what newRelay started, last things first.
func (r *relay) Close() error {
	var errs []error
	for _, c := range slices.Backward(r.closers) {
		errs = append(errs, c.Close())
	}
	r.closers = nil
	return errors.Join(errs...)
}

// usedKey marks, in a context, the flag that noteUse sets.
type usedKey struct{}

// noteUse is the innermost middleware of a leaf: what gets here was not
// delivered before.
func noteUse(next alert.Sender) alert.Sender {
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if used, ok := ctx.Value(usedKey{}).(*atomic.Bool); ok {
			used.Store(true)
		}
		return next.Send(ctx, alerts...)
	})
}

// remarkRepeats says in the log when a callback was accepted without sending
// anything, which would puzzle whoever repeats a test by hand.
func remarkRepeats(log *slog.Logger) alert.Middleware {
	return func(next alert.Sender) alert.Sender {
		return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			var used atomic.Bool
			err := next.Send(context.WithValue(ctx, usedKey{}, &used), alerts...)
			if err == nil && len(alerts) > 0 && !used.Load() {
				log.Info("a repeat: delivered before, nothing sent", "window", repeatWindow)
			}
			return err
		})
	}
}
