// Agent looks at disks and at addresses that answer HTTP, and tells groups and
// consoles when a problem has lasted for some looks, when it is over, and when
// it can no longer see:
//
//	go run ./examples/agent -disk /=80:95 -http https://example.com/healthz -cert-days 14
//
// Without a destination it prints what it would tell. What it has to say is
// committed to a file first, so that nothing is lost while the network is down,
// and a restart says nothing twice.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/check"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if err == nil {
		err = start(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	return cli.Exit("agent", err, stderr)
}

// start looks, and delivers, until ctx ends.
func start(ctx context.Context, c *config, log *slog.Logger) (err error) {
	defer func() { err = errors.Join(err, destinations.Close(c.destinations)) }()
	db, err := c.db.Open()
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := outbox.NewSQLStore(ctx, db, c.db.Dialect)
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	box, err := outbox.Open(store, &outbox.Options{Lease: c.lease, Logger: log})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	for _, d := range c.destinations {
		route := d.Route
		route.MaxAge = -1 // an outage may last
		if err := box.Route(d.Name, d.Sender, &route); err != nil {
			return err
		}
	}
	c.looks.Logger = log
	monitor, err := check.New(c.checks, destinations.OrElse(box, destinations.Join(c.destinations)), c.memory, &c.looks)
	if err != nil {
		return err
	}
	log.Info("watching", "checks", len(c.checks), "destinations", len(c.destinations))
	delivered := make(chan error, 1)
	go func() { delivered <- box.Run(ctx) }()
	return errors.Join(monitor.Run(ctx), <-delivered)
}
