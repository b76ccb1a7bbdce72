//go:build unix

package realdb

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A Proxy stands between a program and a server, as a firewall does that can
// forget connections.
type Proxy struct {
	address string
	mu      sync.Mutex
	conns   []*proxied
}

// A proxied connection has two ends.
type proxied struct {
	ends     [2]net.Conn
	swallows atomic.Bool
}

// Proxy starts a proxy to the server of an engine, and returns the words for
// opening a database through it.
func (e *Engine) Proxy(tb testing.TB, dsn string) (p *Proxy, through string) {
	tb.Helper()
	target := e.address
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p = &Proxy{address: target}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.close()
		}
		p.mu.Unlock()
		serving.Wait()
	})
	return p, strings.Replace(dsn, target, listener.Addr().String(), 1)
}

// Swallow makes the connections that there are swallow all that is sent, without
// a word to either end. New ones are not touched.
func (p *Proxy) Swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.swallows.Store(true)
	}
}

// serve forwards what comes on a connection.
func (p *Proxy) serve(conn net.Conn) {
	server, err := new(net.Dialer).Dial("tcp", p.address)
	if err != nil {
		_ = conn.Close()
		return
	}
	c := &proxied{ends: [2]net.Conn{conn, server}}
	p.mu.Lock()
	p.conns = append(p.conns, c)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(c.to(1), conn); c.end() })
	both.Go(func() { _, _ = io.Copy(c.to(0), server); c.end() })
	both.Wait()
}

// to returns a writer to one of the ends.
func (c *proxied) to(end int) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		if c.swallows.Load() {
			return len(b), nil
		}
		return c.ends[end].Write(b)
	})
}

// end passes on that an end has closed, unless that is swallowed too.
func (c *proxied) end() {
	if !c.swallows.Load() {
		c.close()
	}
}

func (c *proxied) close() {
	for _, end := range c.ends {
		_ = end.Close()
	}
}

type writerFunc func([]byte) (int, error)

// Write calls f.
func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
