// Bk-voice-gateway is what the setting dest_url of BlueKing's component
// send_voice_msg points to. It starts a command for each person to call:
//
//	TOCSIN_PATH_TOKEN=... go run ./examples/bk-voice-gateway -command ./call.sh
//
// The command finds the number in TOCSIN_CALLEE and the text in TOCSIN_TEXT,
// and ends with status 0 if the call was accepted.
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

	"github.com/tocsin-go/tocsin/voice"
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
		err = start(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "bk-voice-gateway: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// start joins the command to the handler, and serves.
func start(ctx context.Context, c *config, log *slog.Logger) error {
	dialer, err := voice.NewDialer(command{path: c.command, log: log}.dial, &voice.DialerOptions{
		Form: c.form, Timeout: c.timeout, Parallel: c.parallel,
	})
	if err != nil {
		return err
	}
	handler, err := voice.NewHandler(dialer, c.token, &voice.HandlerOptions{
		Form: c.form, Serial: c.serial, Locale: c.locale, Logger: log,
	})
	if err != nil {
		return usageError{err}
	}
	return serve(ctx, c.listen, handler, log)
}
