// Package httpserver serves HTTP until a context ends, and finishes the
// requests that it took.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// grace bounds how long a stop waits for requests under way. The programs of
// this module answer within ten seconds.
const grace = 15 * time.Second

// Serve serves a handler, within limits for slow callers, until ctx ends; then
// it says so in the log, in the words of stopping, and takes no more requests.
// It returns nil when all that it took were answered.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, stopping string) error {
	server := http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	log.Info(stopping)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		err = fmt.Errorf("stop: requests were cut off: %w", errors.Join(err, server.Close()))
	}
	if end := <-done; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}
