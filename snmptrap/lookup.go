package snmptrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	// lookupAge is the age at which the addresses of a name are looked up again
	// before they are used.
	lookupAge = 30 * time.Second

	// lookupPause is the least time between a look-up that failed, or a refusal,
	// and the next look-up.
	lookupPause = 10 * time.Second

	// lookupTime bounds a look-up. Go's resolver gives each name server 5 s
	// before it asks the next, so less would make one that is down fail them all.
	lookupTime = 30 * time.Second

	// lookupPatience is how long a Send that has older addresses waits for newer.
	lookupPatience = 2 * time.Second
)

// A lookup is a look-up under way. It belongs to the target and not to a Send:
// a Send whose context is short leaves it to the next one.
type lookup struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // to be read when done is closed
	late   bool  // nobody who has older addresses waits any more; guarded by the target's mutex
}

// resolve waits for addresses that are not too old. Old ones are used on if a
// look-up fails or takes long, since a name server that is down is no reason to
// lose alerts.
func (t *target) resolve(ctx context.Context, op string) error {
	t.mu.Lock()
	l, known, closing := t.lookup, len(t.addrs) > 0, t.closing
	if !closing && l == nil && t.named && (!known || time.Since(t.looked) >= lookupAge) {
		looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTime)
		l = &lookup{cancel: cancel, done: make(chan struct{})}
		t.lookup = l
		t.start(func() { t.look(looking, l) })
	}
	if known && l != nil && l.late {
		l = nil
	}
	t.mu.Unlock()
	switch {
	case closing:
		return t.fail(op, ErrClosed)
	case ctx.Err() != nil:
		return t.fail(op, ctx.Err())
	case l == nil:
		return nil
	}
	var patience <-chan time.Time
	if known {
		timer := time.NewTimer(lookupPatience)
		defer timer.Stop()
		patience = timer.C
	}
	select {
	case <-l.done:
		if !known && l.err != nil {
			return t.fail("lookup", l.err)
		}
	case <-patience:
		t.mu.Lock()
		l.late = true
		t.mu.Unlock()
	case <-ctx.Done():
		return t.fail("lookup", ctx.Err())
	case <-t.done:
		return t.fail(op, ErrClosed)
	}
	return nil
}

// look looks the name up.
func (t *target) look(ctx context.Context, l *lookup) {
	defer close(l.done)
	defer l.cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", t.host)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookup, t.looked = nil, time.Now()
	if err == nil {
		err = t.adopt(ips)
	}
	if err != nil {
		l.err = err
		t.looked = t.looked.Add(lookupPause - lookupAge)
	}
}

// adopt takes over the addresses of the name. The one in use stays in use if it
// is still among them, and else IPv4 goes first: snmptrapd and others listen on
// nothing else unless told. The caller holds the mutex.
func (t *target) adopt(ips []netip.Addr) error {
	var addrs []netip.AddrPort
	source, err := sourceAddr(t.local)
	if err != nil {
		return err
	}
	local, _ := netip.ParseAddr(source)
	for _, ip := range ips {
		addr := netip.AddrPortFrom(ip.Unmap(), t.port)
		if source == "" || local.Is4() == addr.Addr().Is4() {
			addrs = append(addrs, addr)
		}
	}
	if len(addrs) == 0 {
		return errors.New("the name has no address of the family of LocalAddr")
	}
	var used netip.AddrPort
	if len(t.addrs) > 0 {
		used = t.addrs[0]
	}
	rank := func(a netip.AddrPort) int {
		switch {
		case a == used:
			return 0
		case a.Addr().Is4():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(addrs, func(a, b netip.AddrPort) int { return cmp.Compare(rank(a), rank(b)) })
	t.addrs = slices.Compact(addrs)
	return nil
}

// move makes the next address the one in use, if from still is and there is
// another. The caller holds the mutex.
func (t *target) move(from netip.AddrPort) bool {
	if len(t.addrs) < 2 || t.addrs[0] != from {
		return false
	}
	t.addrs = append(slices.Clone(t.addrs[1:]), from)
	return true
}

// suspect has the name looked up before it is used again, but not at each
// refusal. The caller holds the mutex.
func (t *target) suspect() {
	if t.named && time.Since(t.looked) >= lookupPause {
		t.looked = time.Time{}
	}
}

// sourceAddr returns the address to send from: local itself, or one of the
// network interface of that name, of IPv4 if it has one.
func sourceAddr(local string) (string, error) {
	if _, err := netip.ParseAddr(local); err == nil || local == "" {
		return local, nil
	}
	ifc, err := net.InterfaceByName(local)
	if err != nil {
		return "", fmt.Errorf("LocalAddr is neither an IP address nor an interface: %w", reason(err))
	}
	addrs, err := ifc.Addrs()
	if err != nil {
		return "", fmt.Errorf("LocalAddr: %w", reason(err))
	}
	best := ""
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		switch ip := prefix.Addr(); {
		case err != nil || ip.IsLinkLocalUnicast():
		case ip.Is4():
			return ip.String(), nil
		case best == "":
			best = ip.String()
		}
	}
	if best == "" {
		return "", fmt.Errorf("LocalAddr: the interface %s has no address", local)
	}
	return best, nil
}
