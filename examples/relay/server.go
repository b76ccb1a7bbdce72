package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// stopGrace bounds how long a stop waits for callbacks under way. Each of
// them ends within the five seconds that CloudMonitor waits for an answer.
const stopGrace = 15 * time.Second

// goodSecret is the length, in characters, below which the secret draws a
// warning. Sixteen hexadecimal digits have 64 bits.
const goodSecret = 16

// serve takes callbacks until ctx ends, and then finishes those it took.
func (r *relay) serve(ctx context.Context) error {
	s, err := r.listen(ctx, r.config.listen)
	if err != nil {
		return err
	}
	if len(r.config.secret) < goodSecret {
		r.log.Warn("the callback secret is short: who guesses it can raise alerts", "recommended_length", goodSecret)
	}
	r.welcome(s.url)
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
	}
	r.log.Info("stopping: no new callbacks; those under way are finished")
	err = s.stop()
	r.log.Info("stopped")
	return err
}

// A running is a server that accepts callbacks.
type running struct {
	http http.Server
	url  string     // of the callbacks; holds the secret
	done chan error // gets the end of the server
}

// listen opens the port and begins to serve.
func (r *relay) listen(ctx context.Context, addr string) (*running, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &running{done: make(chan error, 1), url: "http://"}
	s.http = http.Server{
		Handler:           r.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
	}
	r.log.Info("listening", "addr", l.Addr().String(), "tls", r.config.cert != nil)
	if r.config.cert != nil {
		s.url = "https://"
		l = tls.NewListener(l, &tls.Config{
			Certificates: []tls.Certificate{*r.config.cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		})
	}
	s.url += reachable(l.Addr()) + callbackPath + r.config.secret
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// stop ends the server after the callbacks under way and waits for it.
func (s *running) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("stop: callbacks were cut off: %w", errors.Join(err, s.http.Close()))
	}
	if end := <-s.done; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// reachable is an address at which this machine reaches a listener.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if ok && t.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", t.Port)
	}
	return a.String()
}

// callbackPath is what stands before the secret.
const callbackPath = "/aliyun/"

// newMux takes callbacks under their path and the health check; all else does
// not exist. Both paths lead to the same handler, since people add slashes.
func newMux(callbacks http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(callbackPath+"{secret}", callbacks)
	mux.Handle(callbackPath+"{secret}/{$}", callbacks)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}

// welcome tells the operator what is not obvious. The URL holds the secret,
// and is printed only if there is no other way to learn it.
func (r *relay) welcome(url string) {
	if r.config.secretMade {
		r.out.printf("Callback URL (made for this run; set -callback-secret to keep one):\n  %s\n", url)
	}
	if r.standIn != nil {
		r.out.printf("No destination is configured, so stand-in robots and a console print here what\n" +
			"they would get. Set -wecom-url, -dingtalk-url or -trap-target (see -help) for\nreal ones.\n")
		if r.config.secretMade {
			r.out.printf("Try it from another terminal:\n  %s\n", curlLine(url))
		}
	}
}
