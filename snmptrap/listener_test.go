package snmptrap_test

import (
	"net"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"
)

// flush is a datagram that asks a listener to report.
const flush = "flush"

// A listener is a receiver of traps on the loopback.
type listener struct {
	tb      testing.TB
	conn    net.PacketConn
	flushed chan struct{}

	mu    sync.Mutex
	traps [][]byte
}

// listen starts a listener on an address, or on a free port for "".
func listen(tb testing.TB, addr string) *listener {
	tb.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", addr)
	require.NoError(tb, err)
	_ = conn.(*net.UDPConn).SetReadBuffer(1 << 20)
	l := &listener{tb: tb, conn: conn, flushed: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(l.serve)
	tb.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
	})
	return l
}

// serve collects datagrams until the socket is closed.
func (l *listener) serve() {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := l.conn.ReadFrom(buf)
		switch {
		case err != nil:
			return
		case string(buf[:n]) == flush:
			l.flushed <- struct{}{}
			continue
		}
		l.mu.Lock()
		l.traps = append(l.traps, append([]byte(nil), buf[:n]...))
		l.mu.Unlock()
	}
}

// addr returns host:port.
func (l *listener) addr() string { return l.conn.LocalAddr().String() }

// received returns all datagrams sent before the call. On the loopback a
// datagram is in the receiver's queue when the write returns, so whatever
// stands in front of one of our own has arrived.
func (l *listener) received() [][]byte {
	l.tb.Helper()
	conn, err := new(net.Dialer).DialContext(l.tb.Context(), "udp", l.addr())
	require.NoError(l.tb, err)
	defer conn.Close()
	_, err = conn.Write([]byte(flush))
	require.NoError(l.tb, err)
	<-l.flushed
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([][]byte(nil), l.traps...)
}

// packets decodes what was received.
func (l *listener) packets() []*gosnmp.SnmpPacket {
	l.tb.Helper()
	var packets []*gosnmp.SnmpPacket
	for _, octets := range l.received() {
		packets = append(packets, decode(l.tb, octets))
	}
	return packets
}

// names returns the names of the alerts received, in order.
func (l *listener) names() []string {
	l.tb.Helper()
	var names []string
	for _, p := range l.packets() {
		names = append(names, string(p.Variables[6].Value.([]byte)))
	}
	return names
}

// closedPort returns an address where nobody listens.
func closedPort(tb testing.TB) string {
	tb.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer conn.Close()
	return conn.LocalAddr().String()
}
