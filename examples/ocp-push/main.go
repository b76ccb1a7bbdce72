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
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does, or earlier.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := configure(args, getenv, stdout)
	switch {
	case err != nil:
		err = cli.UsageError{Err: err}
	case s.every == 0:
		err = s.push(ctx, stdout)
	default:
		err = s.repeat(ctx, stdout, stderr)
	}
	return cli.Exit("ocp-push", err, stderr)
}

// push pushes once and says so.
func (s *settings) push(ctx context.Context, stdout io.Writer) error {
	if err := s.client.Push(ctx, s.alarm); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "accepted: %s %s\n", s.alarm.Type, cli.Printable(s.alarm.Target))
	return nil
}

// repeat pushes once an interval until ctx ends. It tells of each failure, and
// gives up at the first that another push cannot mend. It returns the error of
// the last push that was made, unless that was interrupted.
func (s *settings) repeat(ctx context.Context, stdout, stderr io.Writer) error {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	var last error
	for {
		err := s.push(ctx, stdout)
		switch {
		case err != nil && ctx.Err() != nil:
			return last
		case err != nil && !alert.Retryable(err):
			return err
		case err != nil:
			fmt.Fprintf(stderr, "ocp-push: %s\n", cli.Printable(err.Error()))
		}
		last = err
		select {
		case <-ctx.Done():
			return last
		case <-ticker.C:
		}
	}
}
