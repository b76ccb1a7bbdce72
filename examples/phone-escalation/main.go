// Phone-escalation takes callbacks of CloudMonitor and of OceanBase OCP and tells
// more and more people, until one of them takes the problem: a group at once, a telephone call through
// Kompira Pigeon after five minutes, and AutoCall phones after ten.
//
//	TOCSIN_WECOM_URL_FILE=... TOCSIN_PIGEON_TOKEN_FILE=... go run ./examples/phone-escalation \
//	    -public-url https://ops.example.com -pigeon-space shibuya -pigeon-callflow ... -pigeon-guidance ...
//
// All that has to be known stands in a database, so that a restart changes nothing. With
// -rota the phones ring who is on duty; -rehearse says for given alerts who would be told
// and rung, and -test-call rings who is on duty with a test text.
package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/duty"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	job, err := duty.Configure(args, getenv, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	if err == nil {
		err = job.Run(ctx, stdout)
	}
	return cli.Exit("phone-escalation", err, stderr)
}
