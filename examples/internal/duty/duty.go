// Package duty takes callbacks of CloudMonitor and of OceanBase OCP and tells more
// and more people of them, until one of them takes the problem.
package duty

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/pigeon"
)

// A Config is what the operator asked for.
type Config struct {
	Name      string // of the escalation
	Listen    string
	Access    httpserver.Access // of callbacks, but for the certificate, which is for all
	Secrets   callbacks.Secrets
	PageToken string // of the page of incidents; empty: no page
	Public    string // URL at which people reach the program; empty: no link
	DB        opendb.Database
	Outbox    outbox.Options // how much may wait
	Locale    alert.Locale
	Least     alert.Severity // that is escalated
	Robots    []destinations.Destination
	Lease     time.Duration
	Patience  time.Duration
	Repeat    time.Duration // of the last step; 0: it is taken once
	TakenFor  time.Duration // that an acknowledgement lasts; 0: for ever

	// Calls through Kompira Pigeon, if there is a client, and the keys that take
	// the problem; nil means each that ends the chain.
	PigeonAfter time.Duration
	Client      *pigeon.Client
	Calls       *pigeon.Sender
	Keys        pigeon.Keys

	// People whom the AutoCall phones ring, if there are any.
	CallAfter  time.Duration
	Roster     *Roster // nil: nobody
	PhoneToken string
	Rounds     int
	Within     time.Duration // in which who picks up has to take the problem
}

// phone is the name of the AutoCall phone, which those of other teams do not have.
func (c *Config) phone() string { return c.Name + "-phone" }

// links reports whether people get a link to take a problem by.
func (c *Config) links() bool { return c.Public != "" && len(c.Robots) > 0 }

// Serve takes callbacks and tells people until ctx ends. It prints on stdout the
// URL to enter into CloudMonitor.
func Serve(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) (err error) {
	db, err := c.DB.Open()
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := outbox.NewSQLStore(ctx, db, c.DB.Dialect)
	if err != nil {
		return fmt.Errorf("-db: %w", c.DB.Withheld(err))
	}
	opts := c.Outbox
	opts.Lease, opts.Logger = c.Lease, log
	box, err := outbox.Open(store, &opts)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	d := &desk{config: c, log: log, mux: http.NewServeMux(), box: box, intact: c.DB.Watch(db)}
	if err := d.addPhones(ctx, db); err != nil {
		return err
	}
	if err := d.addEscalation(); err != nil {
		return cli.UsageError{Err: err}
	}
	if err := d.addPages(); err != nil {
		return cli.UsageError{Err: err}
	}
	if err := d.check(ctx); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, c.Secrets.Announce(c.Access.URL(l.Addr().String())))
	if c.Roster != nil {
		if gap := c.Roster.Gap(time.Now()); gap != "" {
			log.Warn("nobody is on duty by the rota for a time, everybody will be rung", slog.String("from", gap))
		}
	}
	return d.serve(ctx, l)
}

// check refuses to run beside a program that has other steps under the same name. If that
// program has just ended, this one waits until it is known.
func (d *desk) check(ctx context.Context) error {
	until := time.Now().Add(lastSeen)
	for {
		err := d.escalation.Check(ctx)
		if err == nil || !errors.Is(err, escalate.ErrOtherSteps) {
			return err
		}
		if time.Now().After(until) {
			return cli.UsageError{Err: fmt.Errorf("-name: %w; give this program another name, or end that one", err)}
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lastSeen is longer than an escalation takes to know that a process has ended.
const lastSeen = 25 * time.Second

// A desk is the program put together.
type desk struct {
	config     *Config
	log        *slog.Logger
	mux        *http.ServeMux
	box        *outbox.Outbox
	queue      *autocall.Dispatcher // nil: no phones
	escalation *escalate.Escalation
	intact     func(context.Context) error // looks at the file of the database
}

// addPhones opens the queue of the AutoCall phones, if there are any.
func (d *desk) addPhones(ctx context.Context, db *sql.DB) (err error) {
	if d.config.Roster == nil {
		return nil
	}
	d.queue, err = autocall.NewSQLQueue(ctx, db, d.config.DB.Dialect, &autocall.QueueOptions{
		Logger: d.log, Phones: []string{d.config.phone()}, OnAnswered: d.answered,
		OnPhoneSilent: autocall.ReportSilence(d.box, d.config.Locale),
	})
	if err != nil {
		return fmt.Errorf("-db: %w", d.config.DB.Withheld(err))
	}
	handler, err := autocall.NewHandler(d.queue, []autocall.Handset{{Name: d.config.phone(), Token: d.config.PhoneToken}}, &autocall.HandlerOptions{Logger: d.log})
	d.mux.Handle("/phone/", handler)
	return err
}

// answered tells at once who picked up, where that takes the problem. Watch would find
// it out a little later.
func (d *desk) answered(ctx context.Context, s autocall.Status) error {
	if d.config.links() {
		return nil
	}
	_, err := d.escalation.AcknowledgeCall(ctx, s.ID, fmt.Sprintf(wordsOf(d.config.Locale).byPickingUp, s.By))
	if errors.Is(err, escalate.ErrUnknownReference) {
		return nil // it is forgotten, or Watch will find it
	}
	return err
}

// addEscalation adds the steps.
func (d *desk) addEscalation() error {
	least := d.config.Least
	steps, err := d.steps()
	if err != nil {
		return err
	}
	d.escalation, err = escalate.New(d.box, d.config.Name, steps, &escalate.Options{
		Filter:   func(a alert.Alert) bool { return a.Severity >= least },
		Patience: d.config.Patience, Locale: d.config.Locale, Repeat: d.config.Repeat, AcknowledgeFor: d.config.TakenFor,
	})
	return err
}

// addPages adds what people and callbacks reach.
func (d *desk) addPages() error {
	c := d.config
	webhook, err := aliyun.NewHandler(alert.SenderFunc(d.accept), c.Secrets.Bare, &aliyun.Options{
		Logger: d.log, Locale: c.Locale, Accounts: c.Secrets.Accounts, Allow: c.Access.Allow, ClientIP: c.Access.ClientIP,
	})
	if err != nil {
		return err
	}
	channel, err := ocp.NewHandler(alert.SenderFunc(d.accept), c.Secrets.Bare, &ocp.HandlerOptions{
		Logger: d.log, Locale: c.Locale, Accounts: c.Secrets.Accounts, Allow: c.Access.Allow, ClientIP: c.Access.ClientIP,
	})
	if err != nil {
		return err
	}
	d.mux.Handle(callbacks.Path, webhook)
	d.mux.Handle(callbacks.OCP, channel)
	d.mux.Handle("/take/", d.escalation.Handler())
	if c.PageToken != "" {
		d.mux.Handle("GET /incidents/{token}", d.incidentsPage())
	}
	d.mux.Handle("GET /healthz", httpserver.NewHealth(d.log, d.health))
	d.mux.Handle("/", httpserver.NotFound(d.log))
	return nil
}

// health asks the outbox, and looks at the file of the database.
func (d *desk) health(ctx context.Context) error {
	if err := d.intact(ctx); err != nil {
		return err
	}
	return d.box.Health(ctx)
}

// accept hands alerts to the outbox. Other teams on the database have the same events.
func (d *desk) accept(ctx context.Context, alerts ...alert.Alert) error {
	own := slices.Clone(alerts)
	for i := range own {
		if own[i].ID != "" {
			own[i].ID = d.config.Name + "/" + own[i].ID
		}
	}
	return d.box.Send(ctx, own...)
}

// steps returns who is told when.
func (d *desk) steps() (all []escalate.Step, err error) {
	c := d.config
	for _, robot := range c.Robots {
		s := escalate.Step{Name: robot.Name, Sender: robot.Sender, Route: robot.Route}
		if c.Public != "" {
			s.Link = func(token string) string { return c.Public + "/take/" + token }
		}
		all = append(all, s)
	}
	var later []escalate.Step
	if c.Client != nil {
		s := pigeonStep(c.Client, c.Calls, c.Keys, c.Locale)
		s.After = c.PigeonAfter
		later = append(later, s)
	}
	if d.queue != nil {
		// The limits for each person count when a phone rings.
		ringer, err := alert.NewRinger(&alert.RingPolicy{Logger: d.log, Limits: []alert.Limit{}})
		if err != nil {
			return nil, err
		}
		dialler := &dialler{
			queue: d.queue, onDuty: c.Roster.At,
			rounds: c.Rounds, locale: c.Locale, counts: !c.links(), within: c.Within,
		}
		s := dialler.step(ringer)
		s.After = c.CallAfter
		later = append(later, s)
	}
	if len(later) == 2 && later[1].After < later[0].After {
		later[0], later[1] = later[1], later[0]
	}
	return append(all, later...), nil
}

// serve serves and delivers until ctx ends, or until it cannot.
func (d *desk) serve(ctx context.Context, l net.Listener) error {
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = d.box.Run(running) }) // nil: it runs once
	if d.queue != nil {
		work.Go(func() { _ = d.queue.Run(running) }) // always nil
		work.Go(func() { d.handOver(running) })
	}
	err := d.config.Access.Serve(ctx, l, aliyun.CleanPath(callbacks.Path, aliyun.CleanPath(callbacks.OCP, aliyun.CleanPath("/phone/", d.mux))), d.log, "stopping: what was accepted is in the database")
	stop()
	work.Wait()
	return err
}
