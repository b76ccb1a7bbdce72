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
	"sync"
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
	stop := OnHangup(func() { log.Info("hang-up ignored: settings are read when the program starts") })
	err := serve.Serve(ctx, l, handler, c.Options(log))
	stop()
	if !quit() {
		<-said
	}
	return err
}

// OnHangup calls f at each SIGHUP from now on, one call after the other, until stop is
// called, which waits for the last call.
func OnHangup(f func()) (stop func()) {
	hangups, stopped := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			select {
			case <-hangups:
				f()
			case <-stopped:
				return
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		close(stopped)
		calls.Wait()
	}
}
