package snmptrap

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// An informer sends informs to one target over one socket, however many are
// in flight, and sorts the answers by their request-id. Its reader is a
// goroutine that lives as long as the socket; close waits for it.
type informer struct {
	*target
	community secret.Text

	dialling chan struct{} // of capacity 1; a channel, so that a wait ends with ctx
	done     chan struct{} // closed by close
	readers  sync.WaitGroup

	mu      sync.Mutex // guards the rest, and is held for moments only
	conn    *net.UDPConn
	suspect bool // conn does not work, or its name may mean another machine
	broken  bool // conn does not work
	dialled time.Time
	closed  bool
	waiting map[int32]*waiter
}

// A waiter is one inform in flight.
type waiter struct {
	answer   chan answer // of capacity 1: the first answer counts
	refused  bool        // the host said that nobody listens
	stranger bool        // an answer came with another community
}

// An answer is what a receiver said to an inform.
type answer struct {
	status ErrorStatus
	from   string // address and port
	at     time.Time
}

func newInformer(t *target, community secret.Text) *informer {
	return &informer{
		target: t, community: community,
		dialling: make(chan struct{}, 1), done: make(chan struct{}), waiting: map[int32]*waiter{},
	}
}

// expect makes answers with the request-id come to the waiter returned.
func (n *informer) expect(id int32) *waiter {
	w := &waiter{answer: make(chan answer, 1)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting[id] = w
	return w
}

// forget undoes expect and returns what else was learnt meanwhile.
func (n *informer) forget(id int32, w *waiter) (refused, stranger bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting[id] == w {
		delete(n.waiting, id)
	}
	return w.refused, w.stranger
}

// socket returns the socket to use. It opens one at first, after a fault, and,
// for a host given by name, after a silence: the name may mean another machine
// by then. If that fails and there is an older socket, that one is used on,
// since a name server that is down is no reason to lose alerts.
func (n *informer) socket(ctx context.Context) (*net.UDPConn, error) {
	if conn, err := n.usable(); conn != nil || err != nil {
		return conn, err
	}
	select {
	case n.dialling <- struct{}{}:
	case <-ctx.Done():
		return nil, &Error{Op: "inform", Target: n.addr, Err: ctx.Err()}
	case <-n.done:
		return nil, &Error{Op: "inform", Target: n.addr, Err: ErrClosed}
	}
	defer func() { <-n.dialling }()
	if conn, err := n.usable(); conn != nil || err != nil {
		return conn, err // opened meanwhile
	}
	conn, err := n.dial(ctx)
	return n.adopt(conn, err)
}

// usable returns the socket if there is no reason to open another.
func (n *informer) usable() (*net.UDPConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return nil, &Error{Op: "inform", Target: n.addr, Err: ErrClosed}
	case n.suspect || n.broken:
		return nil, nil //nolint:nilnil // neither a socket nor a reason to give up
	}
	return n.conn, nil
}

// adopt takes the outcome of a dial. A socket to the same address replaces
// only a broken one: answers are under way to the old.
func (n *informer) adopt(conn net.Conn, err error) (*net.UDPConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialled = time.Now()
	switch {
	case n.closed:
		if err == nil {
			_ = conn.Close() // never used
		}
		return nil, &Error{Op: "inform", Target: n.addr, Err: ErrClosed}
	case err != nil && n.conn == nil:
		return nil, err
	case err != nil:
		n.suspect = false
		return n.conn, nil
	case n.conn != nil && !n.broken && n.conn.RemoteAddr().String() == conn.RemoteAddr().String():
		_ = conn.Close() // never used
		n.suspect = false
		return n.conn, nil
	case n.conn != nil:
		_ = n.conn.Close() // ends its reader; nothing more is wanted from it
	}
	udp := conn.(*net.UDPConn) //nolint:errcheck // dial asked for "udp"
	n.conn, n.suspect, n.broken = udp, false, false
	n.readers.Go(func() { n.read(udp) })
	return udp, nil
}

// read takes answers until the socket is closed or breaks.
func (n *informer) read(conn *net.UDPConn) {
	buf, from := make([]byte, maxDatagram), conn.RemoteAddr().String()
	for {
		size, err := conn.Read(buf)
		switch {
		case err == nil:
			n.take(buf[:size], from, time.Now())
		case errors.Is(err, syscall.ECONNREFUSED):
			n.refused()
		default:
			n.fault(conn)
			return
		}
	}
}

// take gives an answer to whom it belongs. A message that is no Response to an
// inform in flight is dropped, and so is one with another community: it is all
// that tells our receiver's answer from another's.
func (n *informer) take(octets []byte, from string, now time.Time) {
	community, r, ok := readResponse(octets)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.waiting[r.id]
	switch {
	case w == nil:
	case string(community) != n.community.Reveal():
		w.stranger = true
	default:
		delete(n.waiting, r.id) // a second answer says nothing new
		w.answer <- answer{status: r.status, from: from, at: now}
	}
}

// refused notes that the host said that nobody listens. It does not say to
// which of the informs in flight.
func (n *informer) refused() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.waiting {
		w.refused = true
	}
}

// fault notes that a socket does not work.
func (n *informer) fault(conn *net.UDPConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == conn {
		n.broken = true
	}
}

// doubt notes that an attempt brought no answer.
func (n *informer) doubt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.named && time.Since(n.dialled) >= lookupPause {
		n.suspect = true
	}
}

// close closes the socket for good, ends what waits for answers, and waits for
// the reader.
func (n *informer) close() error {
	n.mu.Lock()
	conn, was := n.conn, n.closed
	n.conn, n.closed = nil, true
	n.mu.Unlock()
	if !was {
		close(n.done)
	}
	var err error
	if conn != nil {
		err = conn.Close()
	}
	n.readers.Wait()
	return err
}
