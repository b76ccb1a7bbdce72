package snmptrap

import (
	"cmp"
	"errors"
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
	// any network in one piece. With a User at least 704.
	MaxSize int

	// Location is the zone in which the time of an alert is written. Default
	// is the zone of the alert's own time.
	Location *time.Location

	// V1 sends SNMPv1 traps, for consoles that know nothing newer, translated as
	// RFC 3584 section 3.2 says. SNMPv1 has no informs.
	V1 bool

	// User is that of SNMPv3, which takes the place of the community. Nil means
	// SNMPv2c or v1.
	User *User

	// TextTime sends the time as text, "2026-11-20 16:08:41 +08:00", for consoles
	// that show a DateAndTime as octets. It is not what the MIB says.
	TextTime bool

	// OIDs changes the names of notifications and objects.
	OIDs OIDs

	// Address returns the IPv4 address of the host that an alert is about. It
	// goes out as snmpTrapAddress.0 behind all objects (RFC 3584 section 3.1),
	// by which receivers find the host in a trap that a gateway sends for many.
	// Nothing goes out for any other address. Default is never. It is called
	// concurrently.
	Address func(alert.Alert) netip.Addr

	// Extra returns objects of your own for an alert, which go out behind the ten.
	// One without a name or a value is left out, and all are if the trap has no room
	// for them after the summary is cut, with a warning to the Logger: the alert does
	// not get lost over it. It is called concurrently. Default is none.
	Extra func(alert.Alert) []Varbind

	// Rate is how many traps a second go to a target, after a burst of two.
	// Default 1,000: receivers drop what their buffer has no room for, and
	// nobody learns of it. Negative means no limit. Informs have none; they wait
	// for answers.
	Rate int

	// LocalAddr is the IP address to send from, or the name of a network interface
	// that has it: consoles tell hosts apart by it. Default: the
	// system chooses.
	LocalAddr string

	// Inform makes Send send informs, which the receiver acknowledges, in
	// place of traps. Nil means traps. NewEncoder ignores it.
	Inform *Inform

	// Logger gets a warning, at most one a minute and target, when the network
	// returns a message because nobody listens on the port or a firewall
	// prohibits it, and at most one a minute when OIDs.Notification or Extra is of
	// no use. Default is silence.
	Logger *slog.Logger
}

const (
	defaultMaxSize = 1472
	leastMaxSize   = 484
	defaultRate    = 1000
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
	if opts.V1 && (opts.User != nil || opts.Inform != nil) {
		return opts, errors.New("snmptrap: options: SNMPv1 has neither informs nor users")
	}
	opts.Rate = cmp.Or(opts.Rate, defaultRate)
	switch {
	case opts.MaxSize == 0:
		opts.MaxSize = defaultMaxSize
	case opts.MaxSize == -1:
		opts.MaxSize = maxDatagram
	case opts.User != nil && opts.MaxSize < leastMaxSize+userRoom:
		return opts, fmt.Errorf("snmptrap: options: MaxSize %d is too small for SNMPv3, which wants %d", opts.MaxSize, leastMaxSize+userRoom)
	case opts.MaxSize < leastMaxSize || opts.MaxSize > maxDatagram:
		return opts, fmt.Errorf("snmptrap: options: MaxSize %d is not in %d…%d", opts.MaxSize, leastMaxSize, maxDatagram)
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
