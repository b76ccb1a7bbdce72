// Relay brings CloudMonitor callbacks to WeCom and DingTalk groups and to SNMP
// consoles. It answers a callback as soon as the alert is in its database, and
// delivers from there.
//
// With nothing configured it shows in the terminal what it would deliver:
//
//	go run ./examples/relay -demo
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

func main() {
	// The relay keeps little and allocates much in a storm: collecting less
	// often saves a tenth of its time for some megabytes.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	cli.Main(run)
}

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if err == nil {
		err = start(ctx, c, stdout, stderr)
	}
	return cli.Exit("relay", err, stderr)
}

// start does what was asked for: a test, a demonstration, or the service.
func start(ctx context.Context, c *config, stdout, stderr io.Writer) (err error) {
	r, err := newRelay(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), &printer{w: stdout})
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
