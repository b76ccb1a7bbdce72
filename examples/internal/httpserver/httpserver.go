// Package httpserver serves HTTP until a context ends, finishes the requests that it
// took, and has a line in the log for what no handler saw.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/aliyun"
)

// Grace bounds how long a stop waits for requests under way. The programs of
// this module answer within ten seconds.
const Grace = 15 * time.Second

// maxHeader holds the longest query that is read, since a callback by GET has its
// data there, and the lines of a header beside it.
const maxHeader = aliyun.MaxBody + 64<<10

// New returns a server with limits for slow callers. What net/http refuses by itself
// leaves a line in the log.
func New(handler http.Handler, log *slog.Logger) *http.Server {
	w := &watch{log: log}
	return &http.Server{
		Handler:           w.mark(handler),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnContext:       withConn,
		ConnState:         w.changed,

		DisableGeneralOptionsHandler: true, // or nobody here would see "OPTIONS *"
	}
}

// Serve serves a handler until ctx ends; then it says so in the log, in the words of
// stopping, and takes no more requests. It returns nil when all that it took were
// answered.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, stopping string) error {
	server := New(handler, log)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	log.Info(stopping)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
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
