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
	"sync/atomic"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
	"github.com/tocsin-go/tocsin/internal/inbound"
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
	capture *captureFile // nil: not wanted
	closers []io.Closer
	counts  callbackCounts
	intact  func(context.Context) error // looks at the file of the database

	// Replaced when the settings are read again.
	webhook    atomic.Pointer[aliyun.Handler]
	channel    atomic.Pointer[ocp.Handler]
	adminToken atomic.Pointer[inbound.Secret]
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
	if name := r.config.capture; name != "" {
		f, err := openCapture(name)
		if err != nil {
			return nil, cli.UsageError{Err: fmt.Errorf("-capture: %w", cli.WithoutPath(err))}
		}
		r.capture = f
		r.closers = append(r.closers, f)
	}
	if err := r.open(r.config); err != nil {
		return nil, err
	}
	webhook := func(w http.ResponseWriter, req *http.Request) { r.webhook.Load().ServeHTTP(w, req) }
	channel := func(w http.ResponseWriter, req *http.Request) { r.channel.Load().ServeHTTP(w, req) }
	return r.newMux(r.counts.count(http.HandlerFunc(webhook)), r.counts.count(alwaysRead(http.HandlerFunc(channel)))), nil
}

// open lets in whom the settings name.
func (r *relay) open(c *Config) error {
	webhook, err := aliyun.NewHandler(r.box, c.secrets.Bare, &aliyun.Options{
		Logger: r.log, Locale: c.locale, Allow: c.access.Allow, ClientIP: c.access.ClientIP, Accounts: c.secrets.Accounts, OnCallback: r.received,
	})
	if err != nil {
		return cli.UsageError{Err: fmt.Errorf("-callback-secret: %w", err)}
	}
	channel, err := ocp.NewHandler(r.box, c.secrets.Bare, &ocp.HandlerOptions{
		Logger: r.log, Locale: c.locale, Allow: c.access.Allow, ClientIP: c.access.ClientIP, Accounts: c.secrets.Accounts,
	})
	if err != nil {
		return cli.UsageError{Err: fmt.Errorf("-callback-secret: %w", err)}
	}
	token := inbound.NewSecret(c.admin.token)
	r.webhook.Store(webhook)
	r.channel.Store(channel)
	r.adminToken.Store(&token)
	return nil
}

// received counts a callback, and captures it if that is wanted.
func (r *relay) received(ctx context.Context, e aliyun.Received) {
	note(ctx, &e)
	if r.capture == nil {
		return
	}
	if err := r.capture.add(e); err != nil {
		r.log.Error("callback not captured", "error", err)
	}
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
