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
	"github.com/tocsin-go/tocsin/ocp"
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
	s.accepted(stdout)
	return nil
}

// accepted says that OCP took the alarm.
func (s *settings) accepted(stdout io.Writer) {
	fmt.Fprintf(stdout, "accepted: %s %s\n", s.alarm.Type, cli.Printable(s.alarm.Target))
}

// repeat keeps the alarm alive until ctx ends. It tells of each failure, and gives
// up at the first that another push cannot mend. A failure that was not followed
// by a success is that of the program.
func (s *settings) repeat(ctx context.Context, stdout, stderr io.Writer) error {
	sender, err := ocp.NewSender(s.client, s.alarm.Type, &ocp.SenderOptions{Alarm: func(alert.Alert, ocp.Alarm) ocp.Alarm { return s.alarm }})
	if err != nil {
		return err
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var last error
	failed := func(_ alert.Alert, err error) {
		if ctx.Err() != nil {
			return
		}
		last = err
		if !alert.Retryable(err) {
			giveUp(err)
			return
		}
		fmt.Fprintf(stderr, "ocp-push: %s\n", cli.Printable(err.Error()))
	}
	a := alert.Alert{Source: "ocp-push", Key: s.alarm.Target}
	repeater, err := ocp.NewRepeater(sender, failed, &ocp.RepeatOptions{Interval: s.every, OnPushed: func(alert.Alert) {
		last = nil
		s.accepted(stdout)
	}})
	if err != nil {
		return err
	}
	for err := repeater.Send(ctx, a); err != nil; err = repeater.Send(ctx, a) { // a Repeater keeps alive what was accepted once
		failed(a, alert.ErrorAt(err, 0, 1))
		select {
		case <-ctx.Done():
			return last
		case <-time.After(s.every):
		}
	}
	last = nil
	s.accepted(stdout)
	_ = repeater.Run(ctx) // ends with ctx
	return last
}
