package snmptrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/internal/neterr"
)

const (
	// maxWrites bounds how often one message is handed to a socket that
	// answers with an error about an earlier one.
	maxWrites = 16

	// maxWait bounds the wait for room in a socket's buffer.
	maxWait = time.Second

	// settleTime is how long a refusal may take to come back.
	settleTime = 200 * time.Millisecond

	// maxRecent bounds the traps for which a refusal may still come.
	maxRecent = 1024

	// maxQuote is how much of what a report quotes is looked at, and minQuote how
	// much tells one trap from another, in octets.
	maxQuote, minQuote = 256, 64

	// warnPause is the least time between two warnings.
	warnPause = time.Minute
)

// trap sends one trap. A nil error means no more than that the machine took it.
func (t *target) trap(ctx context.Context, octets []byte) error {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return t.fail("send", ctx.Err())
	}
	defer func() { <-t.turn }()
	if err := t.resolve(ctx, "send"); err != nil {
		return err
	}
	d := &datagram{octets: octets}
	t.mu.Lock()
	t.sequence++
	d.sequence = t.sequence
	t.queue = append(t.queue, d)
	t.mu.Unlock()
	return t.sendQueue(ctx, d)
}

// sendQueue sends the traps that wait: those that an address refused, which go to
// the next, before the one that a Send brings, whose outcome it returns. The caller
// has the turn.
func (t *target) sendQueue(ctx context.Context, mine *datagram) (outcome error) {
	for {
		t.mu.Lock()
		if len(t.queue) == 0 {
			t.mu.Unlock()
			return outcome
		}
		d := t.queue[0]
		t.queue = t.queue[1:]
		t.mu.Unlock()
		err := t.sendTrap(ctx, d)
		switch {
		case errors.Is(err, errOvertakes):
			t.mu.Lock()
			t.enqueue(d)
			t.mu.Unlock()
		case d == mine:
			outcome = err
		case ctx.Err() != nil: // the next Send, or the target itself, goes on
			t.mu.Lock()
			t.enqueue(d)
			t.queue = slices.DeleteFunc(t.queue, func(d *datagram) bool { return d == mine })
			t.mu.Unlock()
			return err
		}
	}
}

// enqueue puts traps into the queue, in the order in which they were first sent.
// The caller holds the mutex.
func (t *target) enqueue(traps ...*datagram) {
	t.queue = append(slices.Clone(t.queue), traps...)
	slices.SortFunc(t.queue, func(a, b *datagram) int { return cmp.Compare(a.sequence, b.sequence) })
}

// errOvertakes keeps a trap from being sent before one that was refused.
var errOvertakes = errors.New("another trap goes first")

// sendTrap sends a trap at its pace. The caller has the turn.
func (t *target) sendTrap(ctx context.Context, d *datagram) error {
	if err := t.pace.wait(ctx, t.done); err != nil {
		return t.fail("send", err)
	}
	octets, err := t.model.wrap(d.octets)
	if err != nil {
		return &Error{Op: "encode", Target: t.addr, Err: err}
	}
	t.remember(d, octets)
	err = t.write(d, octets)
	switch end, bounded := ctx.Deadline(); {
	case err == nil:
		t.mu.Lock()
		d.tries++
		t.mu.Unlock()
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case bounded && !time.Now().Before(end):
		err = context.DeadlineExceeded // the context is about to say so
	}
	return t.fail("send", err)
}

// remember keeps a trap for as long as a refusal of it may come, if there is
// another address that it could go to then.
func (t *target) remember(d *datagram, octets []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d.sent, d.to, d.at = octets, netip.AddrPort{}, time.Now()
	old := d.at.Add(-time.Second)
	t.recent = slices.DeleteFunc(t.recent, func(r *datagram) bool { return r == d || r.at.Before(old) })
	if len(t.addrs) > 1 && len(t.recent) < maxRecent {
		t.recent = append(t.recent, d)
	}
}

// settle waits until no refusal of a trap is to be expected any more, and what
// was refused has gone to the other addresses.
func (t *target) settle() {
	for range 2 * maxRecent {
		t.mu.Lock()
		wait := time.Duration(0)
		switch n := len(t.recent); {
		case len(t.queue) > 0:
			wait = time.Millisecond
		case n > 0:
			wait = time.Until(t.recent[n-1].at.Add(settleTime))
		}
		t.mu.Unlock()
		if wait <= 0 {
			return
		}
		<-time.After(wait) // nothing tells that no refusal comes
	}
}

// write hands one datagram to the network, at the address in use. A write that
// fails has sent nothing. One that reports what an earlier datagram met is made
// again at once; where the machine itself knows no way to an address, the next
// is tried.
func (t *target) write(d *datagram, octets []byte) error {
	failures, moves := 0, 0
	for range maxWrites {
		conn, err := t.socket(d)
		if err != nil {
			return err
		}
		_ = conn.SetWriteDeadline(time.Now().Add(maxWait)) // if it fails so does the write
		if _, err = conn.WriteToUDPAddrPort(octets, d.to); err == nil {
			if t.hasOthers() {
				t.takeReports(conn) // which are there at once on this machine
			}
			return nil
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("no room in the socket's buffer for %v: %w", maxWait, os.ErrDeadlineExceeded)
		case isClosed(err):
			t.drop(conn)
			continue
		case t.takeReports(conn) > 0:
			continue
		}
		if failures++; failures < 3 {
			continue // the reader may have taken the report
		}
		if moves++; t.moveOn(d.to, moves) {
			failures = 0
			continue
		}
		if t.local != "" {
			t.drop(conn) // its address may be gone
		}
		if neterr.Is(err, syscall.EMSGSIZE) {
			return fmt.Errorf("the socket refuses %d octets, set a lower MaxSize: %w", len(octets), ErrTooLarge)
		}
		return reason(err)
	}
	return errors.New("the network refused one datagram after the other")
}

// hasOthers reports whether there is more than one address.
func (t *target) hasOthers() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.addrs) > 1
}

// moveOn moves to the next address unless all were tried.
func (t *target) moveOn(from netip.AddrPort, moves int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return moves < len(t.addrs) && t.move(from)
}

// isClosed reports whether a socket was closed.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
