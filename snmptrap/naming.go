package snmptrap

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
)

// OIDs are names to use in place of those under the base OID, for consoles
// that expect a MIB module of their own. All are in dotted form; an empty one
// leaves the default.
type OIDs struct {
	// Firing, Resolved and News are the notifications, by default base.0.1,
	// base.0.2 and base.0.3; the last one is that of tests too. The next to last sub-identifier must be zero and the last in 1
	// to 2^31-1: other notifications do not survive a proxy to SNMPv1 (RFC 2578
	// section 8.5, RFC 3584 section 3).
	Firing, Resolved, News string

	// Notification returns the notification of one alert, before which these
	// give way, or "" to leave it to them. It is not asked about tests. To let alerts bring it
	// in a label:
	//
	//	func(a alert.Alert) string { return a.Labels["oid"] }
	//
	// It sees resolved alerts too, so a console that pairs by notification can
	// be given another one for these. What it returns is held to the rule above.
	// An alert never gets lost over it: with one that is wrong, or so long that
	// the trap would not fit, the default goes out and a warning is logged. It
	// is called concurrently.
	Notification func(alert.Alert) string

	// Objects are the objects' names, by their place in the trap, with the
	// instance if there is one. It may be shorter than ten.
	Objects []string

	// Instance says whether the names under the base have the instance ".0".
	Instance Instance
}

// An Instance says how the names of objects end. A MIB's scalar has the
// instance ".0"; many devices leave it out, and filters written for one form
// do not match the other.
type Instance uint8

const (
	ByLayout Instance = iota // Full has the instance and Seed has not
	Dotted                   // base.1.0
	Bare                     // base.1
)

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
	if o.Instance == Bare || o.Instance == ByLayout && layout == Seed {
		arcs = arcs[:1]
	}
	return base.Append(arcs...)
}

// notification returns the one that is set, or base.0.n.
func notification(set string, base OID, n uint32) (OID, error) {
	if set == "" {
		return base.Append(0, n)
	}
	oid, err := parseNotification(set)
	if err != nil {
		return OID{}, fmt.Errorf("snmptrap: options: notification: %w", err)
	}
	return oid, nil
}

// parseNotification reads the OID of a notification.
func parseNotification(dotted string) (OID, error) {
	oid, err := ParseOID(dotted)
	if err != nil {
		return OID{}, err
	}
	if next, last := oid.ending(); next != 0 || last < 1 || last > math.MaxInt32 || oid.Len() < 4 {
		return OID{}, errors.New("snmptrap: OID: a notification must end in .0.N, with N in 1…2147483647")
	}
	return oid, nil
}

// ending returns the last two sub-identifiers of an OID of more than three.
func (o OID) ending() (next, last uint32) {
	done := true
	for _, octet := range []byte(o.content()) {
		if done {
			next, last = last, 0
		}
		last = last<<7 | uint32(octet&0x7f)
		done = octet < 0x80
	}
	return next, last
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
