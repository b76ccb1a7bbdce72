// Ocp-push tells OceanBase Cloud Platform (OCP) of an alarm from the command
// line, once or again and again until it is interrupted:
//
//	export TOCSIN_OCP_URL=https://ocp.example.com:8443 TOCSIN_OCP_USER=ops
//	export TOCSIN_OCP_PASSWORD_FILE=/etc/tocsin/ocp-password
//	go run ./examples/ocp-push -type disk_full -target host=db-1 -description '91% of 100 GB' -every 1m
//
// It ends with status 0 if OCP accepted the alarm, 1 if it did not, and 2 if a
// setting is wrong.
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/keepalive"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does, or earlier.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := configure(args, getenv, stdout)
	if err != nil {
		return cli.Exit("ocp-push", cli.UsageError{Err: err}, stderr)
	}
	pushed := func() { fmt.Fprintf(stdout, "accepted: %s %s\n", s.alarm.Type, cli.Printable(s.alarm.Target)) }
	failed := func(err error) { fmt.Fprintf(stderr, "ocp-push: %s\n", cli.Printable(err.Error())) }
	if s.every > 0 {
		err = keepalive.Push(ctx, s.client, s.alarm, s.every, pushed, failed)
	} else if err = s.client.Push(ctx, s.alarm); err == nil {
		pushed()
	}
	return cli.Exit("ocp-push", err, stderr)
}
