package snmptraptest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// Options change what [Listen] does. Nil and the zero value mean the
// defaults.
type Options struct {
	// Rules are those that every datagram is judged by. Set Base to have the
	// objects of alerts judged too.
	Rules Rules

	// Addr is where to listen, an IP address and a port. Default is
	// "127.0.0.1:0", a free port; IPv6's is "[::1]:0".
	Addr string

	// Collect keeps a broken rule from failing the test; ask
	// [Listener.Violations].
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
	tb      testing.TB
	opts    Options
	addr    *net.UDPAddr
	token   string        // starts the datagrams that the Listener sends itself
	release chan struct{} // closed when the test ends
	answers sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every arrival
	arrivals []arrival
	next     int // the first arrival that Next has not returned
	script   []Answer
	forever  Answer
	flushes  map[string]chan struct{}
	conn     *net.UDPConn  // nil while stopped
	served   chan struct{} // closed when the socket's goroutine has ended
}

// An arrival is a notification or, if it broke a rule, what was wrong.
type arrival struct {
	trap Trap
	err  error
}

// NewListener returns a Listener on a free port of 127.0.0.1, with the zero
// [Rules], until the test ends.
func NewListener(tb testing.TB) *Listener {
	tb.Helper()
	return Listen(tb, nil)
}

// Listen returns a Listener until the test ends, which it fails if the address
// is taken. The end of the test waits for what was sent before and for the
// Listener's goroutines.
func Listen(tb testing.TB, opts *Options) *Listener {
	tb.Helper()
	l := &Listener{
		tb: tb, token: rand.Text(), release: make(chan struct{}), changed: make(chan struct{}),
		flushes: map[string]chan struct{}{},
	}
	if opts != nil {
		l.opts = *opts
	}
	if _, err := l.opts.Rules.base(); err != nil {
		tb.Fatal(err)
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
	tb.Cleanup(func() {
		l.Stop()
		close(l.release)
		l.answers.Wait()
	})
	return l
}

// Addr returns host:port, as snmptrap.New takes it.
func (l *Listener) Addr() string { return l.addr.String() }

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
// received and answered, if the answer was not to be late. Who sends to the
// port then is told that nobody listens. While the Listener does not listen it
// does nothing.
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

// Traps returns the notifications so far, legal ones only, in order: all that
// were sent before the call.
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

// Violations returns what was wrong with the datagrams that broke a rule and
// were sent before the call, in order. They were neither recorded as
// notifications nor acknowledged.
func (l *Listener) Violations() []*Violation {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*Violation
	for _, a := range l.arrivals {
		if v, ok := errors.AsType[*Violation](a.err); ok {
			all = append(all, v)
		}
	}
	return all
}

// Next returns the next notification that it has not returned yet, the n-th
// at the n-th call, and waits for it. For a datagram that broke a rule the
// error is the [*Violation]; if ctx ends first it is ctx.Err().
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

// receive works off one datagram: the answer first, since an acknowledgement
// that waits makes the sender repeat the inform.
func (l *Listener) receive(datagram []byte, source netip.AddrPort) {
	a := arrival{}
	m, err := l.opts.Rules.read(datagram)
	if err == nil {
		if m.pdu.tag == tagInform {
			l.answer(m, source)
		}
		a.trap, err = m.trap()
	}
	if a.err = err; err != nil {
		l.complain(err, source)
	}
	a.trap.Source, a.trap.Time = source, time.Now()
	l.record(a)
}

// complain fails the test.
func (l *Listener) complain(err error, source netip.AddrPort) {
	if l.opts.Collect {
		return
	}
	text := ""
	if v, ok := errors.AsType[*Violation](err); ok {
		text = v.Dump
	}
	l.tb.Errorf("%v\nfrom %v:\n%s", err, source, text)
}
