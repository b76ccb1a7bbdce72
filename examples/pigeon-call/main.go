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
	"io"

	"github.com/tocsin-go/tocsin/examples/internal/chainwatch"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/pigeon"
)

func main() { cli.Main(run) }

// run is the program.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return cli.ExitOK
	}
	var client *pigeon.Client
	if err == nil {
		client, err = pigeon.New(c.space, c.token, &pigeon.Options{
			User: c.user, Password: c.password, AllowHTTP: c.allowHTTP,
		})
	}
	if err != nil {
		return cli.Exit("pigeon-call", cli.UsageError{Err: err}, stderr)
	}
	w := &chainwatch.Watch{
		Client: client, Out: stdout, Errout: stderr, Keys: c.keys, Interval: c.interval, Timeout: c.timeout,
	}
	switch {
	case c.abort != "":
		return w.Abort(ctx, c.abort)
	case c.resume != "":
		return w.Resume(ctx, c.resume)
	}
	return w.Call(ctx, c.request)
}
