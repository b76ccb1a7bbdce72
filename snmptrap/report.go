package snmptrap

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/internal/neterr"
)

// takeReports works off what the network said, and returns how many reports
// there were.
func (t *target) takeReports(conn *net.UDPConn) int { return readReports(conn, t.report) }

// report draws the conclusions from what the network said about a datagram to
// an address. If that is the address in use the next one is, and gets the traps
// that were lost; informs see to themselves.
func (t *target) report(to netip.AddrPort, why syscall.Errno, quoted []byte) {
	if neterr.Is(why, syscall.EMSGSIZE) {
		return // the way is narrower than it seemed; the system knows now
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused, t.reports = why, time.Now()
	for _, x := range t.waiting {
		if same(x.to, to) {
			x.refused = why
			x.signal()
		}
	}
	if refused := t.takeRefused(to, quoted); len(refused) > 0 {
		t.enqueue(refused...)
		t.start(t.takeTurnForQueue)
	}
	if len(t.addrs) == 0 || !same(t.addrs[0], to) {
		return // a late report
	}
	t.suspect()
	t.move(t.addrs[0])
	if now := time.Now(); now.Sub(t.warned) >= warnPause {
		t.warned = now
		t.log.Warn("snmptrap: the network returned an earlier message",
			slog.String("target", t.addr), slog.String("address", to.String()), slog.String("reason", refusal(why)))
	}
}

// takeRefused takes from the recent traps those that an address refused and that
// can go to another: the one that the report quotes and those after it, or, if it
// quotes too little, those that it can speak of. The others have arrived. The
// caller holds the mutex.
func (t *target) takeRefused(to netip.AddrPort, quoted []byte) (refused []*datagram) {
	since := time.Now().Add(-settleTime)
	first := slices.IndexFunc(t.recent, func(d *datagram) bool {
		if len(quoted) >= min(minQuote, len(d.sent)) {
			return same(d.to, to) && bytes.HasPrefix(d.sent, quoted)
		}
		return d.at.After(since)
	})
	if first < 0 {
		return nil
	}
	for _, d := range t.recent[first:] {
		if same(d.to, to) && d.tries < len(t.addrs) {
			refused = append(refused, d)
		}
	}
	t.recent = slices.DeleteFunc(t.recent, func(d *datagram) bool { return slices.Contains(refused, d) })
	return refused
}

// takeTurnForQueue sends what was refused if no Send does so first.
func (t *target) takeTurnForQueue() {
	select {
	case t.turn <- struct{}{}:
		_ = t.sendQueue(context.Background(), nil) // their Sends have ended
		<-t.turn
	case <-t.done:
	}
}

// same reports whether two addresses are equal but for a zone, which reports
// lack.
func same(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && a.Addr().WithZone("") == b.Addr().WithZone("")
}

// refusal says what a report means.
func refusal(why error) string {
	if neterr.Is(why, syscall.ECONNREFUSED) {
		return "nobody listens on the port"
	}
	for _, way := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EACCES, syscall.EPERM} {
		if neterr.Is(why, way) {
			return "the host cannot be reached or a firewall prohibits it: " + why.Error()
		}
	}
	return why.Error()
}
