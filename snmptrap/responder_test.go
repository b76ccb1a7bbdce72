package snmptrap_test

import (
	"net"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"
)

// A responder is a receiver of informs on the loopback. It reads and answers
// with gosnmp.
type responder struct {
	tb   testing.TB
	conn net.PacketConn

	// answer returns what to send back to the n-th datagram, counted from 0.
	answer func(n int, p *gosnmp.SnmpPacket) [][]byte
	from   net.PacketConn // what answers leave through; guarded by mu
	peer   net.Addr       // who sent the first datagram, to be read after it

	mu      sync.Mutex
	got     [][]byte
	packets []*gosnmp.SnmpPacket
	arrived chan struct{} // closed at the first datagram
}

// respond starts a responder on an address, or on a free port for "".
func respond(tb testing.TB, addr string, answer func(n int, p *gosnmp.SnmpPacket) [][]byte) *responder {
	tb.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", addr)
	require.NoError(tb, err)
	_ = conn.(*net.UDPConn).SetReadBuffer(1 << 20)
	r := &responder{tb: tb, conn: conn, answer: answer, arrived: make(chan struct{})}
	r.from = conn
	var wg sync.WaitGroup
	wg.Go(r.serve)
	tb.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
	})
	return r
}

// serve answers until the socket is closed.
func (r *responder) serve() {
	buf := make([]byte, 1<<16)
	for {
		size, from, err := r.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		octets := append([]byte(nil), buf[:size]...)
		p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
		if err != nil {
			r.tb.Errorf("a datagram that gosnmp cannot read: %v", err)
			return
		}
		r.mu.Lock()
		n := len(r.got)
		if n == 0 {
			r.peer = from
		}
		r.got, r.packets = append(r.got, octets), append(r.packets, p)
		r.mu.Unlock()
		if n == 0 {
			close(r.arrived)
		}
		for _, octets := range r.answer(n, p) {
			r.reply(octets, from)
		}
	}
}

// reply sends an answer.
func (r *responder) reply(octets []byte, to net.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.from.WriteTo(octets, to)
}

// addr returns host:port.
func (r *responder) addr() string { return r.conn.LocalAddr().String() }

// received returns the datagrams so far.
func (r *responder) received() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.got...)
}

// decoded returns the datagrams so far as gosnmp read them.
func (r *responder) decoded() []*gosnmp.SnmpPacket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*gosnmp.SnmpPacket(nil), r.packets...)
}

// names returns the names of the alerts received so far, in order.
func (r *responder) names() []string {
	var names []string
	for _, p := range r.decoded() {
		names = append(names, nameOf(p))
	}
	return names
}

// nameOf returns the name of the alert in a packet.
func nameOf(p *gosnmp.SnmpPacket) string { return string(p.Variables[6].Value.([]byte)) }

// reply makes a Response to an inform, with changes.
func reply(p *gosnmp.SnmpPacket, change ...func(*gosnmp.SnmpPacket)) []byte {
	answer := &gosnmp.SnmpPacket{
		Version: p.Version, Community: p.Community, PDUType: gosnmp.GetResponse, RequestID: p.RequestID, Variables: p.Variables,
	}
	for _, f := range change {
		f(answer)
	}
	octets, err := answer.MarshalMsg()
	if err != nil {
		panic(err)
	}
	return octets
}

// status makes a reply a refusal, as RFC 3416 wants tooBig: without varbinds.
func status(n int) func(*gosnmp.SnmpPacket) {
	return func(p *gosnmp.SnmpPacket) {
		p.Error = gosnmp.SNMPError(n)
		if n == 1 {
			p.Variables = nil
		}
	}
}

// acknowledge answers everything as it should be.
func acknowledge(_ int, p *gosnmp.SnmpPacket) [][]byte { return [][]byte{reply(p)} }

// silent answers nothing.
func silent(int, *gosnmp.SnmpPacket) [][]byte { return nil }
