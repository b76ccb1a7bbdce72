// Autocall-server lets Android phones with the app AutoCall ring people about
// alerts. It keeps the calls in a database, serves them to the phones, and
// takes them over an admin API:
//
//	TOCSIN_ADMIN_TOKEN_FILE=... TOCSIN_PHONE_TOKEN_FILE=... go run ./examples/autocall-server -listen 10.0.0.5:8080
//
// See docs/autocall.md.
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
	"syscall"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // the work could not be done
	exitUsage   = 2 // a setting is wrong; nothing was started
)

func main() {
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
		err = serve(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), stdout)
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "autocall-server: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}
