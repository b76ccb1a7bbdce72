// Package httpserver is what the servers of the programs have in common: the health
// check, the answer to what is not there, and the hang-up signal.
package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/tocsin-go/tocsin/alert/serve"
)

// Serve serves a handler as [serve.Serve] does, and says in the log, in the words of
// stopping, that it does no more. A hang-up does not end it.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, stopping string) error {
	return Access{}.Serve(ctx, l, handler, log, stopping)
}

// Serve is [Serve] with a certificate, if there is one, and behind the proxies.
func (c Access) Serve(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, stopping string) error {
	said := make(chan struct{})
	quit := context.AfterFunc(ctx, func() { log.Info(stopping); close(said) })
	served, cancel := context.WithCancel(ctx)
	go OnHangup(served, func() { log.Info("hang-up ignored: settings are read when the program starts") })
	err := serve.Serve(ctx, l, handler, c.Options(log))
	cancel()
	if !quit() {
		<-said
	}
	return err
}

// OnHangup calls f at each SIGHUP until ctx ends, one call after the other.
func OnHangup(ctx context.Context, f func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-hangups:
			f()
		case <-ctx.Done():
			return
		}
	}
}
