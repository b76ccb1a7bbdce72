package snmptraptest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

// Options change what [Listen] does. Nil and the zero value mean the
// defaults.
type Options struct {
	// Addr is where to listen, an IP address and a port. Default is
	// "127.0.0.1:0", a free port; IPv6's is "[::1]:0".
	Addr string

	// Collect keeps a datagram that is no notification from failing the test;
	// [Listener.Next] returns what is wrong with it.
	Collect bool

	// Keep bounds the arrivals that are remembered, to the newest that
	// [Listener.Next] has returned and all that it has not. It is for listeners
	// that stay. Default: all.
	Keep int
}

// A Listener receives notifications as a management console does. All methods
// are safe for concurrent use, but [Listener.Start] belongs to the goroutine
// of the test, which it may end.
type Listener struct {
	tb    testing.TB
	opts  Options
	addr  *net.UDPAddr
	token []byte // starts the datagrams that the Listener sends itself

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every arrival
	arrivals []arrival
	next     int // the first arrival that Next has not returned
	status   int // what informs are answered with
	silent   bool
	flushes  map[string]chan struct{}
	conn     *net.UDPConn  // nil while stopped
	served   chan struct{} // closed when the socket's goroutine has ended
}

// An arrival is a notification or what was wrong with it.
type arrival struct {
	trap Trap
	err  error
}

// Listen returns a Listener until the test ends, which it fails if the address
// is taken.
func Listen(tb testing.TB, opts *Options) *Listener {
	tb.Helper()
	l := &Listener{tb: tb, token: []byte(rand.Text()), changed: make(chan struct{}), flushes: map[string]chan struct{}{}}
	if opts != nil {
		l.opts = *opts
	}
	addr, err := netip.ParseAddrPort(cmp.Or(l.opts.Addr, "127.0.0.1:0"))
	if err != nil {
		tb.Fatalf("snmptraptest: Addr: %v", err)
	}
	l.addr = net.UDPAddrFromAddrPort(addr)
	l.Start()
	if addr, ok := l.conn.LocalAddr().(*net.UDPAddr); ok {
		l.addr = addr // with the port, for good
	}
	tb.Cleanup(l.Stop)
	return l
}

// Addr returns host:port, as snmptrap.New takes it.
func (l *Listener) Addr() string { return l.addr.String() }

// Refuse answers informs with an error-status from now on, 1 to 18: 5 is
// genErr, 13 resourceUnavailable. With 0 they are acknowledged again.
func (l *Listener) Refuse(errorStatus int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status = errorStatus
}

// KeepSilent leaves informs without an answer from now on, or answers again.
// They are recorded all the same.
func (l *Listener) KeepSilent(silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = silent
}

// Start listens again after [Listener.Stop], on the same port. It fails the
// test if the port is taken. While the Listener listens it does nothing.
func (l *Listener) Start() {
	l.tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		return
	}
	conn, err := net.ListenUDP("udp", l.addr)
	if err != nil {
		l.tb.Fatalf("snmptraptest: %v", err)
	}
	// Whatever comes between two looks of the goroutine must fit.
	_ = conn.SetReadBuffer(4 << 20)
	l.conn, l.served = conn, make(chan struct{})
	go l.serve(conn, l.served)
}

// Stop stops listening, after everything that was sent before has been
// received. Who sends to the port then is told that nobody listens. While the
// Listener does not listen it does nothing.
func (l *Listener) Stop() {
	l.flush()
	l.mu.Lock()
	conn, served := l.conn, l.served
	l.conn = nil
	l.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
		<-served
	}
}

// Traps returns the notifications so far, in order: all that were sent before
// the call.
func (l *Listener) Traps() []Trap {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	var traps []Trap
	for _, a := range l.arrivals {
		if a.err == nil {
			traps = append(traps, a.trap)
		}
	}
	return traps
}

// Next returns the next notification that it has not returned yet, the n-th
// at the n-th call, and waits for it. The error says what was wrong with a
// datagram that is none; if ctx ends first it is ctx.Err().
func (l *Listener) Next(ctx context.Context) (Trap, error) {
	for {
		l.mu.Lock()
		if l.next < len(l.arrivals) {
			a := l.arrivals[l.next]
			l.next++
			l.mu.Unlock()
			return a.trap, a.err
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Trap{}, ctx.Err()
		}
	}
}

// serve receives until the socket is closed.
func (l *Listener) serve(conn *net.UDPConn, served chan<- struct{}) {
	defer close(served)
	buf := make([]byte, 1<<16)
	for {
		n, source, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if bytes.HasPrefix(buf[:n], l.token) {
			l.endFlush(string(buf[:n]))
			continue
		}
		trap, packet, err := parse(buf[:n])
		trap.Source, trap.Time = source, time.Now()
		if err == nil && trap.Inform {
			l.answer(conn, source, packet)
		}
		if err != nil && !l.opts.Collect {
			l.tb.Errorf("%v, from %v", err, source)
		}
		l.record(arrival{trap, err})
	}
}

// answer answers an inform: a Response with its request-id and its objects, or,
// as RFC 3416 section 4.2.7 says of tooBig, without them.
func (l *Listener) answer(conn *net.UDPConn, to netip.AddrPort, p *gosnmp.SnmpPacket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent {
		return
	}
	defer func() { _ = recover() }() // gosnmp panics over some of what it has decoded itself
	p.PDUType, p.Error = gosnmp.GetResponse, gosnmp.SNMPError(l.status)
	if p.Error == gosnmp.TooBig {
		p.Variables = nil
	}
	if octets, err := p.MarshalMsg(); err == nil {
		_, _ = conn.WriteToUDPAddrPort(octets, to) // whoever sent it may be gone
	}
}

// record adds an arrival.
func (l *Listener) record(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivals = append(l.arrivals, a)
	if n := min(len(l.arrivals)-l.opts.Keep, l.next); l.opts.Keep > 0 && n > 0 {
		l.arrivals, l.next = slices.Delete(l.arrivals, 0, n), l.next-n
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// flushPause is the time after which a flush repeats itself: a socket whose
// buffer is full drops what comes.
const flushPause = 50 * time.Millisecond

// flush waits until everything that was sent before has been worked off. On
// the loopback a datagram is in the receiver's queue when the write returns,
// so whatever stands in front of one of our own has arrived.
func (l *Listener) flush() {
	token, done := string(l.token)+rand.Text(), make(chan struct{})
	l.mu.Lock()
	conn, served := l.conn, l.served
	l.flushes[token] = done
	l.mu.Unlock()
	defer l.endFlush(token)
	for conn != nil {
		if _, err := conn.WriteToUDP([]byte(token), l.addr); err != nil {
			return // closed meanwhile
		}
		again := time.NewTimer(flushPause)
		select {
		case <-done:
			again.Stop()
			return
		case <-served:
			again.Stop()
			return
		case <-again.C:
		}
	}
}

// endFlush ends the wait of a flush, if it still waits.
func (l *Listener) endFlush(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if done := l.flushes[token]; done != nil {
		close(done)
		delete(l.flushes, token)
	}
}
