// Package sandbox starts a stand-in of every destination on this machine, and
// a page that shows, live, what each of them receives, as its reader would see
// it. It serves newcomers, who have no robot and no console, and developers,
// whose programs need something to talk to.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// stopGrace bounds how long the end waits for requests under way, which end with
// the context, and for connections that browsers open in advance.
const stopGrace = time.Second

// Options change what Start does. Nil and the zero value mean the defaults.
type Options struct {
	// Listen is where page and stand-ins are, host:port. Default
	// "127.0.0.1:0", a free port.
	Listen string

	// TrapListen is where the console takes traps, an IP address and a port.
	// Default "127.0.0.1:0".
	TrapListen string

	// Callback is the URL to which the buttons of the page post callbacks.
	// Default: an engine of the sandbox's own, which delivers to all stand-ins.
	Callback string

	// AutoCall is the URL that the phone with AutoCall polls. Default: a server
	// of the sandbox's own.
	AutoCall string

	// Ring is how long the phones ring that wait for a decision. Default 25 s.
	Ring time.Duration

	// Logger gets what goes wrong. Default: none.
	Logger *slog.Logger
}

// A Sandbox is a set of stand-ins under way. Its methods are safe for
// concurrent use.
type Sandbox struct {
	opts    Options
	log     *slog.Logger
	bench   *bench
	hub     *hub
	board   *board
	parts   *parts
	targets Targets // but for Callback, where PostTo was called
	postTo  atomic.Pointer[string]
	tcp     net.Listener
	server  *http.Server
	engine  *engine
	stop    context.CancelFunc
	work    sync.WaitGroup
	end     func() error // once
}

// Start starts everything and returns when it is ready. It goes on until ctx
// ends or [Sandbox.Close] is called, which the caller does in any case.
func Start(ctx context.Context, opts *Options) (s *Sandbox, err error) {
	s = &Sandbox{hub: newHub()}
	s.end = sync.OnceValue(s.finish)
	if opts != nil {
		s.opts = *opts
	}
	s.log = s.opts.Logger
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.opts.Ring = cmp.Or(s.opts.Ring, defaultRing)
	s.board = newBoard(s.hub)
	if s.tcp, err = new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(s.opts.Listen, "127.0.0.1:0")); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	running, stop := context.WithCancel(ctx)
	s.stop = stop
	if err := s.assemble(running); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	context.AfterFunc(running, func() { _ = s.server.Shutdown(running) }) // no new requests
	s.work.Go(func() { _ = s.server.Serve(s.tcp) })                       // ends with the listener
	s.work.Go(func() { s.watchTraps(running) })
	s.work.Go(func() { s.watchPigeon(running) })
	s.work.Go(func() { s.watchAutoCall(running) })
	s.work.Go(func() { s.engine.run(running, s.hub) })
	return s, nil
}

// assemble makes the stand-ins and what serves them.
func (s *Sandbox) assemble(ctx context.Context) (err error) {
	if s.bench, err = newBench(func(b *bench) { s.parts = s.newParts(b) }); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.targets = s.parts.targets(s.tcp.Addr())
	if s.opts.Callback != "" {
		s.targets.Callback = s.opts.Callback
	}
	if s.engine, err = s.newEngine(); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.server = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	return nil
}

// Targets returns where the page and the stand-ins are.
func (s *Sandbox) Targets() Targets {
	t := s.targets
	if url := s.postTo.Load(); url != nil {
		t.Callback = *url
	}
	return t
}

// PostTo makes the buttons of the page post callbacks to another URL from now
// on, as Options.Callback does where it is known before. The page shows it to
// everybody on this machine; a page that is open shows the one before until it
// is loaded again.
func (s *Sandbox) PostTo(callback string) { s.postTo.Store(&callback) }

// Close stops everything and waits for it.
func (s *Sandbox) Close() error { return s.end() }

// finish ends the calls, then the requests, which end with the context, and then
// what they used.
func (s *Sandbox) finish() error {
	s.stop()
	s.board.close()
	var errs []error
	if s.server != nil {
		grace, cancel := context.WithTimeout(context.Background(), stopGrace)
		defer cancel()
		if s.server.Shutdown(grace) != nil {
			errs = append(errs, s.server.Close())
		}
	} else {
		errs = append(errs, s.tcp.Close())
	}
	s.work.Wait()
	if s.engine != nil {
		errs = append(errs, s.engine.close())
	}
	if s.bench != nil {
		s.bench.close()
	}
	return errors.Join(errs...)
}
