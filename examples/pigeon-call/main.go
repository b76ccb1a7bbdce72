// Pigeon-call places a telephone call through Kompira Pigeon and shows how it
// goes, until somebody takes the incident or nobody is left:
//
//	export TOCSIN_PIGEON_TOKEN_FILE=/run/secrets/pigeon
//	go run ./examples/pigeon-call -space shibuya \
//		-callflow 049d… -guidance 570e… -param server=db-01 -param incident='disk full'
//
// It ends with status 0 when somebody took the incident, 1 when nobody did or
// the call was refused, 2 for a mistake in the arguments, and 3 when it is not
// known how the chain ends, or whether there is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/tocsin-go/tocsin/pigeon"
)

// The exit statuses.
const (
	exitTaken     = 0
	exitNotTaken  = 1 // refused, unanswered, stopped
	exitUsage     = 2 // nothing was done
	exitUncertain = 3 // the chain may go on, or there may be one
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitTaken
	}
	var client *pigeon.Client
	if err == nil {
		client, err = pigeon.New(c.space, c.token, &pigeon.Options{
			User: c.user, Password: c.password, AllowHTTP: c.allowHTTP,
		})
	}
	if err != nil {
		fmt.Fprintln(stderr, "pigeon-call:", err)
		return exitUsage
	}
	p := &program{config: c, client: client, out: stdout, errout: stderr}
	switch {
	case c.abort != "":
		return p.stop(ctx)
	case c.resume != "":
		return p.watch(ctx, c.resume)
	}
	return p.call(ctx)
}
