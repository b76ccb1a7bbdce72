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
	"io"
	"log/slog"

	"github.com/tocsin-go/tocsin/examples/internal/callserver"
	"github.com/tocsin-go/tocsin/examples/internal/callsms"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if f := newForm(); f.Read(args, getenv, io.Discard) == nil && f.forward.Given() {
		text, err := callsms.Directives(callsms.ChinaTelecom, f.forward.Text(""), f.keyword.Text(callsms.KeywordAlertCall))
		if err != nil {
			err = f.forward.Refuse("%w", err)
		}
		_, _ = io.WriteString(stdout, text)
		return cli.Exit("autocall-server", err, stderr)
	}
	c, err := configure(args, getenv, stdout)
	if err == nil {
		err = callserver.Serve(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), stdout)
	}
	return cli.Exit("autocall-server", err, stderr)
}
