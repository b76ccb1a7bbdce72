// Package relaying brings callbacks of CloudMonitor and of OceanBase OCP to group
// robots and to SNMP consoles. [Configure] reads what is wanted, and [Run] puts a webhook before an
// outbox that has a route for each destination.
package relaying

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
	"github.com/tocsin-go/tocsin/ocp"
)

// Run does what was asked for until ctx ends: a test, a demonstration, or the
// service. It prints for people on stdout.
func Run(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) (err error) {
	r, err := newRelay(ctx, c, log, printing.NewPrinter(stdout))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	switch {
	case c.test:
		return r.selfTest(ctx)
	case c.demo:
		return r.demo(ctx)
	}
	return r.serve(ctx)
}

// A relay is the program put together.
type relay struct {
	config  *Config
	log     *slog.Logger
	out     *printing.Printer
	standIn *printing.StandIns // nil when real destinations are configured
	sandbox *sandbox.Sandbox   // nil, too, in a demonstration and where it did not start
	leaves  []leaf
	box     *outbox.Outbox // nil in a self-test, which goes around it
	handler http.Handler
	closers []io.Closer
	counts  callbackCounts
	intact  func(context.Context) error // looks at the file of the database
}

// A leaf is one destination: a group, or one receiver of traps.
type leaf struct {
	name    string // for people; no secret
	route   string // for the outbox; see routeName
	options outbox.RouteOptions
	answer  string // what it means that it accepted an alert
	sender  alert.Sender

	// try sends an alert for -test and returns what the destination answered.
	// Nil: the sender, and answer.
	try func(context.Context, alert.Alert) (string, error)
}

// newRelay builds everything but opens no port to the outside. What a channel
// refuses comes back as a usage error.
func newRelay(ctx context.Context, c *Config, log *slog.Logger, out *printing.Printer) (r *relay, err error) {
	r = &relay{config: c, log: log, out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if c.noDestination() {
		if r.standIn, err = printing.Start(ctx, out, log, c.demo); err != nil {
			return r, err
		}
		r.closers = append(r.closers, r.standIn)
		c.attract(r.standIn)
		if !c.demo {
			r.addSandbox(ctx, nil)
		}
		c.db = database{Database: opendb.Memory()}
	}
	for _, add := range []func() error{r.addTraps, r.addWecom, r.addDingtalk} {
		if err := add(); err != nil {
			return r, err
		}
	}
	if c.test {
		return r, nil
	}
	if err := r.openBox(ctx); err != nil {
		return r, err
	}
	r.handler, err = r.newHandler()
	return r, err
}

// newHandler puts the webhooks before the outbox: CloudMonitor and OCP get their
// 200 as soon as an alert is committed.
func (r *relay) newHandler() (http.Handler, error) {
	c := r.config
	opts := &aliyun.Options{
		Logger: r.log, Locale: c.locale, Allow: c.allow, ClientIP: callerFinder{c.proxies}.find, Accounts: c.secrets.Accounts,
	}
	opts.OnCallback = func(ctx context.Context, e aliyun.Received) { note(ctx, &e) }
	if c.capture != "" {
		f, err := openCapture(c.capture)
		if err != nil {
			return nil, cli.UsageError{Err: fmt.Errorf("-capture: %w", cli.WithoutPath(err))}
		}
		r.closers = append(r.closers, f)
		opts.OnCallback = func(ctx context.Context, e aliyun.Received) {
			note(ctx, &e)
			if err := f.add(e); err != nil {
				r.log.Error("callback not captured", "error", err)
			}
		}
	}
	h, err := aliyun.NewHandler(r.box, c.secrets.Bare, opts)
	if err != nil {
		return nil, cli.UsageError{Err: fmt.Errorf("-callback-secret: %w", err)}
	}
	channel, err := ocp.NewHandler(r.box, c.secrets.Bare, &ocp.HandlerOptions{
		Logger: opts.Logger, Locale: opts.Locale, Allow: opts.Allow, ClientIP: opts.ClientIP, Accounts: opts.Accounts,
	})
	if err != nil {
		return nil, cli.UsageError{Err: fmt.Errorf("-callback-secret: %w", err)}
	}
	return r.newMux(r.counts.count(h), r.counts.count(alwaysRead(channel))), nil
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
