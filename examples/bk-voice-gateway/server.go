package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/voice"
)

const (
	answerGrace = 15 * time.Second // for requests to be answered at a stop
	callGrace   = 5 * time.Minute  // for their calls to end
)

// newMux takes requests under their path, and the health check.
func newMux(handler http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/voice/{token}", handler)
	mux.Handle("/voice/{token}/{$}", handler)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return mux
}

// serve takes requests until ctx ends, and then finishes those it took.
func serve(ctx context.Context, addr string, handler *voice.Handler, log *slog.Logger) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := http.Server{
		Handler:           newMux(handler),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("listening", "addr", l.Addr().String())
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return errors.Join(err, finish(handler))
	case <-ctx.Done():
	}
	log.Info("stopping: no new requests; calls under way are finished")
	err = errors.Join(shutdown(&server), finish(handler))
	if end := <-done; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	log.Info("stopped")
	return err
}

// shutdown lets the requests under way be answered.
func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop: requests were cut off: %w", errors.Join(err, server.Close()))
	}
	return nil
}

// finish lets the calls that were accepted end.
func finish(handler *voice.Handler) error {
	ctx, cancel := context.WithTimeout(context.Background(), callGrace)
	defer cancel()
	return handler.Shutdown(ctx)
}
