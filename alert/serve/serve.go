package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/internal/quiet"
)

const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second // header and body
	writeTime  = 30 * time.Second
	idleTime   = 90 * time.Second // longer than proxies keep a connection
	grace      = 15 * time.Second // for the requests under way at the end

	// maxHeader holds a query of 1 MiB, since a callback by GET has its data there.
	maxHeader = 1<<20 + 64<<10
)

// Options configures a server. The zero value and nil mean the defaults.
type Options struct {
	// CertFile and KeyFile are PEM files with which HTTPS is served. They are
	// read again when they change, so that a renewed certificate needs no restart; a
	// pair that cannot be read leaves the one before in use, and a warning in the
	// log. Default: plain HTTP.
	CertFile, KeyFile string

	// MaxConns bounds the connections. Default 512, but no more than half of
	// the files that the process may open.
	MaxConns int

	// MaxConnsPerAddress bounds those of one IPv4 address, or of one IPv6 network of
	// 64 bits. It does not count for the loopback, where proxies are. Default: half
	// of MaxConns; -1 switches it off, for a proxy on another machine.
	MaxConnsPerAddress int

	// Logger gets what the server has to say. Default: none.
	Logger *slog.Logger
}

// ListenAndServe listens at a host:port and serves as [Serve] does.
func ListenAndServe(ctx context.Context, addr string, handler http.Handler, opts *Options) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return Serve(ctx, l, handler, opts)
}

// Serve serves what a listener accepts until ctx ends. It then takes no more
// requests and gives those under way fifteen seconds. It returns nil if all of them
// were answered. The listener is closed in any case.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, opts *Options) error {
	s, err := newServer(l, handler, opts)
	if err != nil {
		return fmt.Errorf("serve: %w", errors.Join(err, l.Close()))
	}
	done := make(chan error, 1)
	go func() { done <- s.serve() }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", errors.Join(err, s.http.Close()))
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = s.http.Shutdown(patience)
	if err != nil {
		err = fmt.Errorf("serve: requests were cut off: %w", errors.Join(err, s.http.Close()))
	}
	if end := <-done; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve: %w", end))
	}
	return err
}

// A server is an http.Server behind a gate.
type server struct {
	http *http.Server
	gate *gate
	cert *certificate // nil: plain HTTP
}

// newServer applies the options, and warns of what their author may not have meant.
func newServer(l net.Listener, handler http.Handler, opts *Options) (s *server, err error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	strangers := quiet.New(o.Logger)
	s = &server{gate: newGate(l, &o, strangers)}
	if o.CertFile != "" || o.KeyFile != "" {
		if s.cert, err = newCertificate(&o, strangers); err != nil {
			return nil, err
		}
	} else if !isLoopback(l.Addr()) {
		o.Logger.Warn("other machines can reach this address, and nothing is encrypted: secrets and alerts can be read on the way; "+
			"set a certificate, or listen at 127.0.0.1 behind a proxy that has one", "addr", l.Addr().String())
	}
	s.http = &http.Server{
		Handler:           mark(handler),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(strangers.Handler(), slog.LevelWarn),
		ConnContext:       withConn,
		ConnState:         s.gate.changed,

		DisableGeneralOptionsHandler: true, // or no handler would see "OPTIONS *"
	}
	return s, nil
}

// serve accepts connections until the server is closed.
func (s *server) serve() error {
	if s.cert == nil {
		return s.http.Serve(s.gate)
	}
	return s.http.Serve(s.cert.listen(s.gate))
}

// isLoopback reports whether only this machine reaches an address. What is no
// address of the internet is not reached by others either.
func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
