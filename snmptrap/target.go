package snmptrap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A target is one receiver: the addresses of its name, and the one socket over
// which traps and informs go to them and answers come back.
//
// The socket is not connected. A connected one never sees an answer that comes
// from another address of the receiver, and would have to be replaced, with the
// answers under way to it, when an address refuses and the next one is tried.
type target struct {
	addr   string // host:port, as errors name it
	host   string
	port   uint16
	named  bool   // host is a name that has to be looked up
	local  string // Options.LocalAddr
	log    *slog.Logger
	pace   pacer // used by who has the turn
	window *window
	model  securityModel

	turn  chan struct{} // of capacity 1, held while a trap is sent: traps keep their order
	done  chan struct{} // closed by close
	tasks sync.WaitGroup

	mu         sync.Mutex // guards the rest, and is held for moments only
	conn       *net.UDPConn
	closing    bool             // no Send begins
	closed     bool             // no task begins
	addrs      []netip.AddrPort // the first is in use
	looked     time.Time        // last look-up
	lookup     *lookup          // under way
	warned     time.Time
	refused    error // the last report of the network, and when it came
	reports    time.Time
	sequence   uint64      // of the last trap
	recent     []*datagram // traps for which a refusal may still come
	queue      []*datagram // traps to be sent by who has the turn
	waiting    map[int32]*exchange
	unanswered map[string]*exchange // when their Send gave up, by problem
}

// A datagram is a message and where it was sent last.
type datagram struct {
	octets []byte
	sent   []byte // octets, or what SNMPv3 made of them
	to     netip.AddrPort
	at     time.Time
	tries  int // how often it was sent

	sequence uint64 // of a trap
}

// newTarget checks an address: host, host:port or [host]:port, where host is
// an IP address or a name.
func newTarget(addr string, o *Options, in Inform, s securityModel) (*target, error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, fmt.Errorf("snmptrap: target %q: %w", addr, err)
	}
	t := &target{
		addr: net.JoinHostPort(host, strconv.Itoa(port)), host: host, port: uint16(port), local: o.LocalAddr, log: o.Logger,
		pace: newPacer(o.Rate), window: newWindow(in.Timeout), model: s,
		turn: make(chan struct{}, 1), done: make(chan struct{}),
		waiting: map[int32]*exchange{}, unanswered: map[string]*exchange{},
	}
	ip, err := netip.ParseAddr(host)
	if t.named = err != nil; !t.named {
		t.addrs = []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), t.port)}
	}
	return t, nil
}

// fail returns an error of a step.
func (t *target) fail(op string, err error) *Error {
	return &Error{Op: op, Target: t.addr, Err: reason(err)}
}

// start begins a task that close waits for. The caller holds the mutex.
func (t *target) start(task func()) {
	if !t.closed {
		t.tasks.Go(task)
	}
}

// socket returns the socket, which it opens at need, and the address in use,
// which it notes in d before anything can answer from there.
func (t *target) socket(d *datagram) (*net.UDPConn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, ErrClosed
	}
	t.queue = slices.DeleteFunc(t.queue, func(q *datagram) bool { return q == d }) // refused between two writes
	if len(t.queue) > 0 && t.queue[0].sequence < d.sequence {
		return nil, errOvertakes
	}
	d.to, d.at = t.addrs[0], time.Now()
	if t.conn != nil {
		return t.conn, nil
	}
	local, err := sourceAddr(t.local)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.ListenConfig{Control: reportErrors}).ListenPacket(context.Background(), "udp", net.JoinHostPort(local, "0"))
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn) //nolint:errcheck // of "udp"
	t.conn = udp
	t.start(func() { t.read(udp) })
	return udp, nil
}

// drop closes a socket that does not work; the next write opens another.
func (t *target) drop(conn *net.UDPConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = conn.Close()
	if t.conn == conn {
		t.conn = nil
	}
}

// maxFaults is how often in a row a socket may fail to read. Each refusal is
// one such error, so there can be many.
const maxFaults = 1 << 12

// read takes answers, and what the network says about datagrams, until the
// socket is closed. No report ends it: a reader that ends leaves a deaf socket.
func (t *target) read(conn *net.UDPConn) {
	buf, faults := make([]byte, maxDatagram), 0
	for {
		size, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			faults = 0
			t.take(buf[:size], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		case isClosed(err) || faults == maxFaults:
			t.drop(conn)
			return
		default:
			faults++
			t.takeReports(conn)
		}
	}
}

// close waits for refusals of the last traps, closes the socket for good, ends
// what waits for answers, and waits for the tasks.
func (t *target) close() error {
	t.mu.Lock()
	was := t.closing
	t.closing = true
	t.mu.Unlock()
	if !was {
		t.settle()
	}
	t.mu.Lock()
	conn, was := t.conn, t.closed
	t.conn, t.closed = nil, true
	if t.lookup != nil {
		t.lookup.cancel()
	}
	t.mu.Unlock()
	if !was {
		close(t.done)
	}
	var err error
	if conn != nil {
		err = conn.Close()
	}
	t.tasks.Wait()
	return err
}
