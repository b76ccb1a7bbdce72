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
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // the work could not be done
	exitUsage   = 2 // a setting is wrong; nothing was started
)

func main() {
	// The relay keeps little and allocates much in a storm: collecting less
	// often saves a tenth of its time for some megabytes.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err == nil {
		err = start(ctx, c, stdout, stderr)
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "relay: %s\n", printable(err.Error()))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
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
