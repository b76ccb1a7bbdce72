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
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/callcommand"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/voice"
)

// callGrace bounds how long a stop waits for calls to end.
const callGrace = 5 * time.Minute

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := configure(args, getenv, stdout)
	if err == nil {
		err = start(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	return cli.Exit("bk-voice-gateway", err, stderr)
}

// start joins the command to the handler, and serves.
func start(ctx context.Context, c *config, log *slog.Logger) error {
	dialer, err := voice.NewDialer(callcommand.Command{Path: c.command, Log: log}.Dial, &voice.DialerOptions{
		Form: c.form, Timeout: c.timeout, Parallel: c.parallel,
	})
	if err != nil {
		return err
	}
	handler, err := voice.NewHandler(dialer, c.token, &voice.HandlerOptions{
		Form: c.form, Serial: c.serial, Locale: c.locale, Logger: log,
	})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", l.Addr().String())
	err = httpserver.Serve(ctx, l, newMux(handler), log, "stopping: no new requests; calls under way are finished")
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), callGrace)
	defer cancel()
	err = errors.Join(err, handler.Shutdown(finish))
	log.Info("stopped")
	return err
}

// newMux takes requests under their path, and the health check.
func newMux(handler http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/voice/{token}", handler)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return inbound.CleanPath("/voice/", mux)
}
