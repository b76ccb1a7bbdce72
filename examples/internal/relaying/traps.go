package relaying

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/snmptrap"
)

type trapConfig struct {
	targets   []string // host:port
	community string
	baseOID   string
	layout    snmptrap.Layout
	inform    bool
	v1        bool
	source    string
	rate      int            // traps a second; 0: the default; negative: no limit
	user      *snmptrap.User // of SNMPv3
}

// errNoBaseOID explains a choice that only the operator can make.
var errNoBaseOID = errors.New("needs -trap-base-oid: a number of your own, which IANA gives to every organisation for nothing " +
	"(Private Enterprise Numbers); to keep filters made for the original relay, 1.3.6.1.4.1.12149, which belongs to Enalur")

func (c *Config) judgeTrap(f *form) error {
	c.trap = trapConfig{targets: f.target.List(), community: f.community.Text(""), baseOID: f.baseOID.Text(""), layout: snmptrap.Seed}
	c.trap.inform, c.trap.v1, c.trap.source = f.inform.On(), f.v1.On(), f.source.Text("")
	if f.user.Given() {
		name, protocols, _ := strings.Cut(f.user.Text(""), ":")
		auth, priv, _ := strings.Cut(protocols, ":")
		c.trap.user = &snmptrap.User{
			Name: name, Auth: auth, AuthPassword: f.authPassword.Text(""), Priv: priv, PrivPassword: f.privPassword.Text(""),
			EngineFile: f.engine.Text(""),
		}
	} else {
		for _, s := range []*cli.Setting{f.authPassword, f.privPassword, f.engine} {
			if s.Given() {
				return s.Refuse("has no effect without -trap-v3-user")
			}
		}
	}
	if f.trapRate.Given() {
		rate, err := strconv.Atoi(f.trapRate.Text(""))
		if err != nil || rate < 0 {
			return f.trapRate.Refuse("not a number of traps a second, 0 or more")
		}
		c.trap.rate = cmp.Or(rate, noLimit)
	}
	if f.layout.Given() {
		var err error
		if c.trap.layout, err = snmptrap.ParseLayout(f.layout.Text("")); err != nil {
			return f.layout.Refuse("neither seed nor full")
		}
	}
	if !f.target.Given() {
		return nil
	}
	for i, t := range c.trap.targets {
		host, port, err := net.SplitHostPort(t)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
			return f.target.Refuse("entry %d is not of the form host:port, such as nms.example.com:162", i+1)
		}
	}
	switch {
	case len(c.trap.targets) == 0:
		return f.target.Refuse("names no receiver")
	case c.trap.baseOID == "":
		return f.target.Refuse("%w", errNoBaseOID)
	case c.trap.community == "" && c.trap.user == nil:
		return f.target.Refuse("needs -trap-community, better as TOCSIN_TRAP_COMMUNITY_FILE, or -trap-v3-user")
	}
	return nil
}

// An inform waits so long for its answer: many receivers run a handler before they
// answer. The outbox repeats it; the retries are of -test, which goes around it.
const (
	informTimeout = 5 * time.Second
	informRetries = 1
)

// addTraps makes a leaf of each receiver, so that one that fails holds up none of
// its neighbours. Its traps go out one an alert, so a firing and its recovery are
// kept apart: one that fails cannot be overtaken by the other.
func (r *relay) addTraps() error {
	t := &r.config.trap
	for _, target := range t.targets {
		opts := &snmptrap.Options{Layout: t.layout, Location: r.config.zone, Logger: r.log, V1: t.v1, LocalAddr: t.source, Rate: t.rate, User: t.user}
		if t.inform {
			opts.Inform = &snmptrap.Inform{Timeout: informTimeout, Retries: informRetries}
		}
		s, err := snmptrap.New([]string{target}, t.community, t.baseOID, opts)
		if err != nil {
			return cli.UsageError{Err: err}
		}
		r.closers = append(r.closers, s)
		l := leaf{
			name: "SNMP console at " + target, answer: "sent; nobody acknowledges a trap, so look there", sender: s,
			route: trapRoute(target), options: outbox.RouteOptions{OnePerKey: true},
		}
		if t.inform {
			l.try = func(ctx context.Context, a alert.Alert) (string, error) { return tryInform(ctx, s, a) }
		}
		r.leaves = append(r.leaves, l)
	}
	return nil
}

// trapRoute is what the outbox knows a receiver by: its address, as it is set.
func trapRoute(target string) string {
	name := "snmp-" + strings.ToLower(target)
	if len(name) > maxRoute {
		return routeName("snmp", name)
	}
	return name
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
