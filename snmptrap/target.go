package snmptrap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// A target is one receiver of traps and the socket connected to it.
//
// The socket is connected, although an unconnected one would never report an
// error: the port-unreachable answer to an earlier trap is the only sign that
// a plain trap ever gets, and it makes us look up a name again and warn the
// operator. Its price is that the write which reports it sends nothing, so it
// is repeated at once; the lock keeps other writes, and with them further
// answers, from coming between.
type target struct {
	addr    string // host:port, as errors name it
	named   bool   // host is a name that has to be looked up
	timeout time.Duration
	log     *slog.Logger

	// ready says that conn can be used without a look-up.
	ready atomic.Bool

	lock     chan struct{} // of capacity 1; a channel, so that a wait ends with ctx
	conn     net.Conn
	closed   bool
	dialled  time.Time // last look-up
	warned   time.Time // last warning
	deadline time.Time // write deadline of conn
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
		lock:    make(chan struct{}, 1),
	}, nil
}

// acquire takes the lock, or fails when ctx ends first.
func (t *target) acquire(ctx context.Context) error {
	select {
	case t.lock <- struct{}{}: // mostly at once, and cheaper than the other select
		return nil
	default:
	}
	select {
	case t.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Op: "send", Target: t.addr, Err: ctx.Err()}
	}
}

// release gives the lock back.
func (t *target) release() { <-t.lock }

// open makes t ready: it looks the name up and connects a socket. If that
// fails and there is an older socket, it is kept, since a name server that is
// down is no reason to lose traps.
func (t *target) open(ctx context.Context) error {
	if err := t.acquire(ctx); err != nil {
		return err
	}
	defer t.release()
	if t.closed {
		return &Error{Op: "dial", Target: t.addr, Err: ErrClosed}
	}
	if t.ready.Load() {
		return nil // done by another Send meanwhile
	}
	t.dialled = time.Now()
	conn, err := t.dial(ctx)
	switch {
	case err == nil:
		t.use(conn)
	case t.conn == nil:
		return err
	}
	t.ready.Store(true)
	return nil
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

// use replaces the socket.
func (t *target) use(conn net.Conn) {
	if t.conn != nil {
		_ = t.conn.Close() // nothing is pending on it
	}
	t.conn, t.deadline = conn, time.Time{}
}

// close closes the socket for good.
func (t *target) close() error {
	t.lock <- struct{}{}
	defer t.release()
	t.closed = true
	t.ready.Store(false)
	if t.conn == nil {
		return nil
	}
	err := t.conn.Close()
	t.conn = nil
	return err
}
