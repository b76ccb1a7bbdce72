package snmptrap

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Options change what New and NewEncoder do. Nil and the zero value mean the
// defaults.
type Options struct {
	// Layout selects what the trap of an alert looks like. Default [Full].
	Layout Layout

	// MaxSize bounds a trap, in octets of UDP payload: 484 to 65,507. Default
	// 1,472, which fits an Ethernet frame and every receiver that follows RFC
	// 3417; -1 stands for 65,507, UDP's own limit. Over IPv6 1,232 go through
	// any network in one piece.
	MaxSize int

	// Location is the zone in which the time of an alert is written. Default
	// is the zone of the alert's own time.
	Location *time.Location

	// Timeout bounds the look-up of a target's name. Default 5 s; -1 leaves
	// it to the context. NewEncoder ignores it.
	Timeout time.Duration

	// Version is that of SNMP: [V2c], the default and as yet the only one.
	Version Version

	// OIDs changes the names of notifications and objects.
	OIDs OIDs

	// Address returns the IPv4 address of the host that an alert is about. It
	// goes out as snmpTrapAddress.0 behind all objects (RFC 3584 section 3.1),
	// by which receivers find the host in a trap that a gateway sends for many.
	// Nothing goes out for any other address. Default is never. It is called
	// concurrently.
	Address func(alert.Alert) netip.Addr

	// Inform makes Send send informs, which the receiver acknowledges, in
	// place of traps. Nil means traps. NewEncoder ignores it.
	Inform *Inform

	// Logger gets a warning, at most one a minute and target, when a target's
	// host says to a trap that nobody listens on the port, and at most one a
	// minute when OIDs.Notification is of no use. Default is silence.
	Logger *slog.Logger
}

// A Version is a version of SNMP, as net-snmp's option -v writes it.
type Version string

// V2c is SNMPv2c (RFC 1901).
const V2c Version = "2c"

const (
	defaultMaxSize = 1472
	leastMaxSize   = 484
	defaultTimeout = 5 * time.Second
)

// withDefaults returns the options to work with.
func (o *Options) withDefaults() (Options, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Layout > Seed {
		return opts, fmt.Errorf("snmptrap: options: unknown layout %d", uint8(opts.Layout))
	}
	if opts.Version != "" && opts.Version != V2c {
		return opts, fmt.Errorf("snmptrap: options: SNMP version %q is not supported, only %q is", opts.Version, V2c)
	}
	if opts.OIDs.Instance > Bare {
		return opts, fmt.Errorf("snmptrap: options: unknown instance %d", uint8(opts.OIDs.Instance))
	}
	switch {
	case opts.MaxSize == 0:
		opts.MaxSize = defaultMaxSize
	case opts.MaxSize == -1:
		opts.MaxSize = maxDatagram
	case opts.MaxSize < leastMaxSize || opts.MaxSize > maxDatagram:
		return opts, fmt.Errorf("snmptrap: options: MaxSize %d is not in %d…%d", opts.MaxSize, leastMaxSize, maxDatagram)
	}
	switch {
	case opts.Timeout == 0:
		opts.Timeout = defaultTimeout
	case opts.Timeout < -1:
		return opts, fmt.Errorf("snmptrap: options: negative Timeout %v", opts.Timeout)
	}
	if _, err := opts.Inform.withDefaults(); err != nil {
		return opts, err
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return opts, nil
}

// A Layout is a way to write an alert into the ten objects of its trap.
type Layout uint8

const (
	// Full gives each object its bare value and names it as the instance of a
	// scalar, with ".0" at the end, as a MIB has it.
	Full Layout = iota

	// Seed puts the labels of the original relay in front of the first five
	// ("product:", "level:", "regionId:", "instanceName:", "name:") and names
	// all ten without ".0", so that PRTG filters made for that relay go on
	// working. The level of a resolved alert is "level:OK": a filter on
	// "level:CRITICAL" must not turn a sensor red when a problem is over. Nor
	// must news and tests, whose levels are "level:NEWS" and "level:TEST".
	Seed
)

// ParseLayout reads "full" or "seed", in any letter case.
func ParseLayout(word string) (Layout, error) {
	switch strings.ToLower(word) {
	case "full":
		return Full, nil
	case "seed":
		return Seed, nil
	}
	return Full, fmt.Errorf("snmptrap: unknown layout %q (want full or seed)", word)
}

// String returns "full" or "seed".
func (l Layout) String() string {
	switch l {
	case Full:
		return "full"
	case Seed:
		return "seed"
	}
	return fmt.Sprintf("Layout(%d)", uint8(l))
}

// MarshalText encodes l as its word.
func (l Layout) MarshalText() ([]byte, error) {
	if l > Seed {
		return nil, fmt.Errorf("snmptrap: unknown layout %d", uint8(l))
	}
	return []byte(l.String()), nil
}

// UnmarshalText decodes what [ParseLayout] reads.
func (l *Layout) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLayout(string(text))
	return err
}
