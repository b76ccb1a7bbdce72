package snmptrap

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
)

// OIDs are names to use in place of those under the base OID, for consoles
// that expect a MIB module of their own. All are in dotted form; an empty one
// leaves the default.
type OIDs struct {
	// Firing, Resolved and News are the notifications, by default base.0.1,
	// base.0.2 and base.0.3; the last one is that of tests too. They should end in
	// ".0.N": others, which are common, do not survive a proxy to SNMPv1 and back
	// (RFC 2578 section 8.5), and the Logger gets a warning.
	Firing, Resolved, News string

	// Notification returns the notification of one alert, before which these
	// give way, or "" to leave it to them. It is not asked about tests. To let alerts bring it
	// in a label:
	//
	//	func(a alert.Alert) string { return a.Labels["oid"] }
	//
	// It sees resolved alerts too, so a console that pairs by notification can
	// be given another one for these.
	// An alert never gets lost over it: with one that is no OID, or so long that
	// the trap would not fit, the default goes out and a warning is logged. It
	// is called concurrently.
	Notification func(alert.Alert) string

	// Objects are the objects' names, by their place in the trap, with the
	// instance if there is one. It may be shorter than ten.
	Objects []string

	// Bare leaves the instance ".0" of a MIB's scalars out of the names under the
	// base, as many devices do. Filters written for one form do not match the
	// other. The layout Seed has none in any case.
	Bare bool
}

// object returns the name of the object at a place.
func (o *OIDs) object(base OID, place int, layout Layout) (OID, error) {
	if place < len(o.Objects) && o.Objects[place] != "" {
		oid, err := ParseOID(o.Objects[place])
		if err != nil {
			return OID{}, fmt.Errorf("snmptrap: options: object %d: %w", place+1, err)
		}
		return oid, nil
	}
	arcs := []uint32{uint32(place + 1), 0}
	if o.Bare || layout == Seed {
		arcs = arcs[:1]
	}
	return base.Append(arcs...)
}

// fixed returns the notification that is set, or base.0.n.
func (e *Encoder) fixed(set string, base OID, n uint32) (OID, error) {
	if set == "" {
		return base.Append(0, n)
	}
	oid, err := parseNotification(set)
	if err != nil {
		return OID{}, fmt.Errorf("snmptrap: options: notification: %w", err)
	}
	if !oid.isReversible() {
		e.log.Warn("snmptrap: a notification does not end in .0.N: it does not survive a proxy to SNMPv1 and back",
			slog.String("oid", oid.String()))
	}
	return oid, nil
}

// parseNotification reads the OID of a notification.
func parseNotification(dotted string) (OID, error) {
	oid, err := ParseOID(dotted)
	if err == nil && oid.arcs() < 3 {
		return OID{}, errors.New("snmptrap: OID: a notification has at least 3 sub-identifiers")
	}
	return oid, err
}

// isReversible reports whether a notification ends in .0.N, with N in
// 1 to 2^31-1 (RFC 2578 section 8.5).
func (o OID) isReversible() bool {
	start, last := lastArc(o.content())
	_, next := lastArc(o.content()[:start])
	return start > 1 && next == 0 && last >= 1 && last <= math.MaxInt32
}

// checkNames refuses names that occur twice, and more of them than objects.
func checkNames(objects []Varbind, names []string) error {
	if len(names) > len(objects) {
		return fmt.Errorf("snmptrap: options: %d names of objects, there are %d objects", len(names), len(objects))
	}
	for i := range objects {
		if first := slices.IndexFunc(objects, func(v Varbind) bool { return v.Name == objects[i].Name }); first < i {
			return fmt.Errorf("snmptrap: options: objects %d and %d have the same name", first+1, i+1)
		}
	}
	return nil
}
