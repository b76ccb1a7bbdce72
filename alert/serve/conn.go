package serve

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// A phase is how far a request on a connection is.
type phase uint8

const (
	idle     phase = iota // nothing has arrived since the last answer
	header                // some of a header has
	handled               // a handler is at work: not to be closed
	answered              // the handler is done; the rest of the body may be awaited
)

// A conn is a connection that the gate knows.
type conn struct {
	net.Conn
	gate    *gate
	network netip.Prefix

	// Guarded by gate.mu.
	phase phase
	since time.Time // when it came to its phase
	shed  bool      // by the gate
}

// Close closes the connection and makes room for another.
func (c *conn) Close() error {
	c.gate.mu.Lock()
	c.gate.forget(c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// become notes the phase of the connection.
func (c *conn) become(p phase) {
	g := c.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	c.phase, c.since = p, time.Now()
	if p != handled {
		g.room.Signal() // it may be closed soon
	}
}

// isUnread reports whether bytes arrived that no handler saw, unless the gate has
// closed the connection.
func (c *conn) isUnread() bool {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return c.phase == header && !c.shed
}

// connOf finds the conn under TLS.
func connOf(raw net.Conn) *conn {
	if secure, ok := raw.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	return raw.(*conn) //nolint:errcheck // the gate makes no others
}

// connKey is the key of a request's conn in its context.
type connKey struct{}

func withConn(ctx context.Context, raw net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, connOf(raw))
}

// mark notes that a handler is at work.
func mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := r.Context().Value(connKey{}).(*conn) //nolint:errcheck // from withConn
		c.become(handled)
		defer c.become(answered)
		next.ServeHTTP(w, r)
	})
}
