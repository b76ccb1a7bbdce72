// Phone-escalation takes callbacks of CloudMonitor and tells more and more people,
// until one of them takes the problem: a group at once, a telephone call through
// Kompira Pigeon after five minutes, and AutoCall phones after ten.
//
//	TOCSIN_WECOM_URL_FILE=... TOCSIN_PIGEON_TOKEN_FILE=... go run ./examples/phone-escalation \
//	    -public-url https://ops.example.com -pigeon-space shibuya -pigeon-callflow ... -pigeon-guidance ...
//
// It is about who hears when. What has to be known for that stands in a database,
// so that a restart changes nothing.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/callsteps"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if err == nil {
		err = serve(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), stdout)
	}
	return cli.Exit("phone-escalation", err, stderr)
}

// serve takes callbacks and tells people until ctx ends.
func serve(ctx context.Context, c *config, log *slog.Logger, stdout io.Writer) (err error) {
	db, err := c.db.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := outbox.NewSQLStore(ctx, db, c.db.Dialect)
	if err != nil {
		return err
	}
	box, err := outbox.Open(store, &outbox.Options{Lease: c.lease, Logger: log})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	mux := http.NewServeMux()
	var escalation *outbox.Escalation
	queue, err := phones(ctx, c, db, log, mux, func(ctx context.Context, s autocall.Status) error {
		_, err := escalation.Acknowledge(ctx, s.ID, s.By.String())
		return err
	})
	if err != nil {
		return err
	}
	escalation, err = box.Escalate("duty", steps(c, queue), &outbox.EscalateOptions{
		Filter: func(a alert.Alert) bool { return a.Severity >= c.least }, Patience: c.patience, Locale: c.locale,
	})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	callbacks, err := aliyun.NewHandler(box, c.secret, &aliyun.Options{Logger: log})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	mux.Handle("/aliyun/", callbacks)
	mux.Handle("/take/", escalation.Handler())
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Callback URL for CloudMonitor: http://%s/aliyun/%s\n", l.Addr(), c.secret)
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = box.Run(running) }) // nil: it runs once
	if queue != nil {
		work.Go(func() { _ = queue.Run(running) }) // always nil
	}
	err = httpserver.Serve(ctx, l, mux, log, "stopping: what was accepted is in the database")
	stop()
	work.Wait()
	return err
}

// phones opens the queue of the AutoCall phones, if there are any.
func phones(ctx context.Context, c *config, db *sql.DB, log *slog.Logger, mux *http.ServeMux,
	answered func(context.Context, autocall.Status) error,
) (*autocall.Dispatcher, error) {
	if len(c.people) == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	queue, err := autocall.NewSQLQueue(ctx, db, c.db.Dialect, &autocall.QueueOptions{
		Logger: log, Phones: []string{"phone"}, OnAnswered: answered,
	})
	if err != nil {
		return nil, err
	}
	handler, err := autocall.NewHandler(queue, map[string]string{"phone": c.phoneToken}, &autocall.HandlerOptions{Logger: log})
	mux.Handle("/phone/", handler)
	return queue, err
}

// steps returns who is told when.
func steps(c *config, queue *autocall.Dispatcher) (all []outbox.Step) {
	for _, d := range c.robots {
		s := outbox.Step{Name: d.Name, Sender: d.Sender, Route: d.Route}
		if c.links != "" {
			s.Link = func(token string) string { return c.links + "/take/" + token }
		}
		all = append(all, s)
	}
	var later []outbox.Step
	if c.client != nil {
		s := callsteps.Pigeon(c.client, c.calls, c.keys)
		s.After = c.pigeonAfter
		later = append(later, s)
	}
	if queue != nil {
		// The people were judged when the settings were read.
		sender, _ := autocall.NewSender(queue, c.people, &autocall.SenderOptions{Name: "duty", Locale: c.locale, Rounds: c.rounds})
		s := callsteps.AutoCall(queue, sender)
		s.After = c.callAfter
		later = append(later, s)
	}
	if len(later) == 2 && later[1].After < later[0].After {
		later[0], later[1] = later[1], later[0]
	}
	return append(all, later...)
}
