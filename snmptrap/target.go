package snmptrap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A target is one receiver and the socket that traps for it leave through.
//
// The socket is connected, although an unconnected one would never report an
// error: the port-unreachable answer to an earlier trap is the only sign that
// a plain trap ever gets, and it makes us look up a name again and warn the
// operator. Its price is that the write which reports it sends nothing, so it
// is repeated at once; the mutex keeps other writes, and with them further
// answers, from coming between.
type target struct {
	addr    string // host:port, as errors name it
	named   bool   // host is a name that has to be looked up
	timeout time.Duration
	log     *slog.Logger

	// ready says that sock can be used without a look-up.
	ready atomic.Bool

	// slow is held by who waits for a name server or for room in the socket's
	// buffer. It is a channel of capacity 1, so that a wait for it ends with
	// ctx.
	slow chan struct{}

	mu      sync.Mutex // guards the rest; who holds it waits for nothing
	sock    *socket
	closed  bool
	dialled time.Time // last look-up
	warned  time.Time // last warning
}

// newTarget checks an address: host, host:port or [host]:port, where host is
// an IP address or a name.
func newTarget(addr string, o *Options) (*target, error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, fmt.Errorf("snmptrap: target %q: %w", addr, err)
	}
	_, notIP := netip.ParseAddr(host)
	return &target{
		addr:    net.JoinHostPort(host, strconv.Itoa(port)),
		named:   notIP != nil,
		timeout: o.Timeout,
		log:     o.Logger,
		slow:    make(chan struct{}, 1),
	}, nil
}

// acquire takes the place of who is slow, or fails when ctx ends first.
func (t *target) acquire(ctx context.Context) error {
	select {
	case t.slow <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Op: "send", Target: t.addr, Err: ctx.Err()}
	}
}

// release gives the place back.
func (t *target) release() { <-t.slow }

// open makes t ready: it looks the name up and connects a socket. If that
// fails and there is an older socket, it is kept, since a name server that is
// down is no reason to lose traps.
func (t *target) open(ctx context.Context) error {
	if err := t.acquire(ctx); err != nil {
		return err
	}
	defer t.release()
	if t.ready.Load() {
		return nil // done by another Send meanwhile
	}
	t.mu.Lock()
	closed := t.closed
	t.dialled = time.Now()
	t.mu.Unlock()
	if closed {
		return &Error{Op: "dial", Target: t.addr, Err: ErrClosed}
	}
	sock, err := t.connect(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		if err == nil {
			_ = sock.close() // never used
		}
		return &Error{Op: "dial", Target: t.addr, Err: ErrClosed}
	case err == nil:
		t.use(sock)
	case t.sock == nil:
		return err
	}
	t.ready.Store(true)
	return nil
}

// connect looks the name up and returns a socket for traps.
func (t *target) connect(ctx context.Context) (*socket, error) {
	conn, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	return newSocket(conn)
}

// dial looks the name up and returns a socket connected to it.
func (t *target) dial(ctx context.Context) (net.Conn, error) {
	lookup := ctx
	if t.timeout > 0 {
		var cancel context.CancelFunc
		lookup, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	conn, err := new(net.Dialer).DialContext(lookup, "udp", t.addr)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return nil, netError("dial", t.addr, err)
}

// use replaces the socket. The caller holds the mutex.
func (t *target) use(sock *socket) {
	if t.sock != nil {
		_ = t.sock.close() // nothing is pending on it
	}
	t.sock = sock
}

// close closes the socket for good.
func (t *target) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.ready.Store(false)
	if t.sock == nil {
		return nil
	}
	err := t.sock.close()
	t.sock = nil
	return err
}
