package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

type trapConfig struct {
	targets   []string // host:port
	community string
	baseOID   string
	layout    snmptrap.Layout
	inform    bool
}

// errNoBaseOID explains a choice that only the operator can make.
var errNoBaseOID = errors.New("needs -trap-base-oid: a number of your own, which IANA gives to every organisation for nothing " +
	"(Private Enterprise Numbers); to keep filters made for the original relay, 1.3.6.1.4.1.12149, which belongs to Enalur")

func (c *config) judgeTrap(f *form) error {
	c.trap = trapConfig{targets: f.target.list(), community: f.community.text(), baseOID: f.baseOID.text(), layout: snmptrap.Seed}
	c.trap.inform = f.inform.text() == "true"
	if f.layout.origin != "" {
		var err error
		if c.trap.layout, err = snmptrap.ParseLayout(f.layout.text()); err != nil {
			return f.layout.refuse("neither seed nor full")
		}
	}
	if f.target.origin == "" {
		return nil
	}
	for i, t := range c.trap.targets {
		host, port, err := net.SplitHostPort(t)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
			return f.target.refuse("entry %d is not of the form host:port, such as nms.example.com:162", i+1)
		}
	}
	switch {
	case len(c.trap.targets) == 0:
		return f.target.refuse("names no receiver")
	case c.trap.baseOID == "":
		return f.target.refuse("%w", errNoBaseOID)
	case c.trap.community == "":
		return f.target.refuse("needs -trap-community, better as TOCSIN_TRAP_COMMUNITY_FILE")
	}
	return nil
}

// The time that an inform takes at most, a second for the look-up and three
// attempts of a second, is less than the 4.5 s that a callback has: so the
// answer and the log name the receiver that kept silent.
const (
	informLookup  = time.Second
	informTimeout = time.Second
	informRetries = 2
)

// addTraps makes a leaf of each receiver, so that a repeat goes to the one
// that failed and not to its neighbours.
func (r *relay) addTraps() error {
	t := &r.config.trap
	for _, target := range t.targets {
		opts := &snmptrap.Options{Layout: t.layout, Location: r.config.zone, Logger: r.log}
		if t.inform {
			opts.Timeout = informLookup
			opts.Inform = &snmptrap.Inform{Timeout: informTimeout, Retries: informRetries}
		}
		s, err := snmptrap.New([]string{target}, t.community, t.baseOID, opts)
		if err != nil {
			return usageError{err}
		}
		r.closers = append(r.closers, s)
		l := leaf{name: "SNMP console at " + target, answer: "sent; nobody acknowledges a trap, so look there", sender: s}
		if t.inform {
			l.try = func(ctx context.Context, a alert.Alert) (string, error) { return tryInform(ctx, s, a) }
		} else {
			_, err = netip.ParseAddrPort(target)
			l.quick = err == nil // no name to look up, and no answer to wait for
		}
		r.leaves = append(r.leaves, l)
	}
	return nil
}

// tryInform sends one inform and says who acknowledged it.
func tryInform(ctx context.Context, s *snmptrap.Sender, a alert.Alert) (string, error) {
	acks, err := s.Inform(ctx, a)
	if err != nil || len(acks) == 0 {
		return "", err
	}
	ack := acks[0]
	return fmt.Sprintf("acknowledged by %s after %v, attempt %d", ack.Address, ack.RoundTrip.Round(10*time.Microsecond), ack.Attempts), nil
}
