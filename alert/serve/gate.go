package serve

import (
	"cmp"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/internal/neterr"
)

const (
	// defaultConns is enough for a storm of callbacks, each of which takes
	// milliseconds.
	defaultConns = 512

	// minRest is how long a connection rests before it may be closed: what its
	// caller sent may not be read yet, and the last answer not written.
	minRest = 100 * time.Millisecond
)

// A gate is a listener that bounds the connections. When there are too many it
// closes one on which no request is being handled; if there is none, the next caller
// waits.
type gate struct {
	net.Listener
	most, each int
	log        *slog.Logger // for what strangers cause

	mu    sync.Mutex
	room  *sync.Cond // signalled when a connection ends or comes to rest
	ended bool
	conns map[*conn]struct{}
	from  map[netip.Prefix]int // connections of each address
}

// newGate reads the bounds, and compares them with that of the files.
func newGate(l net.Listener, o *Options, strangers *slog.Logger) *gate {
	g := &gate{
		Listener: l, most: cmp.Or(o.MaxConns, defaultConns), log: strangers,
		conns: map[*conn]struct{}{}, from: map[netip.Prefix]int{},
	}
	g.room = sync.NewCond(&g.mu)
	if files := fileLimit(); g.most > files/2 {
		// The other half is for databases, robots and the log.
		g.most = max(1, files/2)
		o.Logger.Warn("few files may be open, so fewer connections are taken: raise the limit (ulimit -n, LimitNOFILE)",
			"files", files, "connections", g.most)
	}
	switch g.each = o.MaxConnsPerAddress; {
	case g.each < 0:
		g.each = math.MaxInt
	case g.each == 0:
		g.each = max(1, g.most/2)
	}
	return g
}

// Accept returns the next connection for which there is room.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			outOfFiles := neterr.Is(err, syscall.EMFILE) || neterr.Is(err, syscall.ENFILE)
			if outOfFiles && g.shed() {
				continue
			}
			return nil, err
		}
		admitted, err := g.admit(c)
		if err != nil {
			_ = c.Close() // the listener is closed, which says more
			return nil, err
		}
		if admitted != nil {
			return admitted, nil
		}
		_ = c.Close() // refused
	}
}

// Close closes the listener, and lets nobody wait for room any more.
func (g *gate) Close() error {
	g.mu.Lock()
	g.ended = true
	g.room.Broadcast()
	g.mu.Unlock()
	return g.Listener.Close()
}

// admit makes room for a connection. It returns nil if its address has too many of
// which none is at rest.
func (g *gate) admit(raw net.Conn) (*conn, error) {
	network, loopback := networkOf(raw.RemoteAddr())
	g.mu.Lock()
	defer g.mu.Unlock()
	if !loopback && g.from[network] >= g.each && !g.shedLocked(&network) {
		g.log.Warn("connection refused: too many from this address", "peer", network.Addr().String(), "limit", g.each)
		return nil, nil //nolint:nilnil // neither a connection nor a failure
	}
	for len(g.conns) >= g.most && !g.ended && !g.shedLocked(nil) {
		look := time.AfterFunc(minRest, g.room.Signal) // some will have rested
		g.room.Wait()
		look.Stop()
	}
	if g.ended {
		return nil, net.ErrClosed
	}
	c := &conn{Conn: raw, gate: g, network: network, since: time.Now()}
	g.conns[c] = struct{}{}
	g.from[network]++
	return c, nil
}

// shed closes a connection at rest, if there is one.
func (g *gate) shed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shedLocked(nil)
}

// shedLocked takes one of the network that has most, so that nobody drives others
// away, and of these that on which nothing has happened for longest.
func (g *gate) shedLocked(only *netip.Prefix) bool {
	var victim *conn
	now := time.Now()
	for c := range g.conns {
		if c.phase == handled || now.Sub(c.since) < minRest || only != nil && c.network != *only {
			continue
		}
		if victim == nil || cmp.Or(
			cmp.Compare(g.from[victim.network], g.from[c.network]),
			c.since.Compare(victim.since)) < 0 {
			victim = c
		}
	}
	if victim == nil {
		return false
	}
	victim.shed = true
	g.forget(victim)
	g.log.Warn("connection closed: it was idle, and there are too many", "peer", victim.network.Addr().String(), "limit", g.most)
	_ = victim.Conn.Close() // it is of no use to anybody
	return true
}

// forget takes a connection off the list.
func (g *gate) forget(c *conn) {
	if _, listed := g.conns[c]; !listed {
		return
	}
	delete(g.conns, c)
	if g.from[c.network]--; g.from[c.network] == 0 {
		delete(g.from, c.network)
	}
	g.room.Signal()
}

// changed is called by net/http when the state of a connection changes.
func (g *gate) changed(raw net.Conn, state http.ConnState) {
	c := connOf(raw)
	switch state {
	case http.StateActive:
		c.become(header)
	case http.StateIdle:
		c.become(idle)
	case http.StateClosed:
		// A header that is too long or no HTTP net/http answers without a word to
		// anybody; but a connection on which bytes arrived became active.
		if c.isUnread() {
			g.log.Warn("request refused: its header is too long, broken off, late or not HTTP",
				"limit_bytes", maxHeader, "peer", c.network.Addr().String())
		}
	}
}

// networkOf is the address of a caller, of IPv6 the network, and whether it is this
// machine.
func networkOf(addr net.Addr) (network netip.Prefix, loopback bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}, true
	}
	ip, _ := netip.AddrFromSlice(tcp.IP)
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	network, _ = ip.Prefix(bits) // of no address there is none
	return network, ip.IsLoopback()
}
