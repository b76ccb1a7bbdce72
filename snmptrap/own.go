package snmptrap

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// objectsOf returns the objects of an alert's own that can be sent.
func (e *Encoder) objectsOf(a *alert.Alert) (good []Varbind) {
	for _, v := range e.ownObjects(*a) {
		one := Trap{OID: e.firing, Varbinds: []Varbind{v}}
		if err := one.check(e.version == versionV1); err != nil {
			e.warn(a, fmt.Errorf("its own object is left out: %w", err))
			continue
		}
		good = append(good, v)
	}
	return good
}

// trapAddress returns snmpTrapAddress.0, or a varbind without a value if the
// address is not of IPv4.
func trapAddress(addr netip.Addr) Varbind {
	return Varbind{Name: OID{snmpTrapAddress}, Value: IPAddress(addr)}
}

// notification returns which notification reports an alert. Only what is
// certainly over goes out as resolved. The alert's own is that of a real problem,
// whose sensor a test must neither set nor clear.
func (e *Encoder) notification(a *alert.Alert) OID {
	oid := [...]OID{e.firing, e.resolved, e.news}[statusNumber(a)-1]
	if e.ownNotification == nil || a.Test {
		return oid
	}
	own, err := e.own(*a)
	if err != nil {
		e.warn(a, err)
		return oid
	}
	if own.IsZero() {
		return oid
	}
	return own
}

// own returns the notification that an alert brings, or the zero OID.
func (e *Encoder) own(a alert.Alert) (OID, error) {
	dotted := e.ownNotification(a)
	if dotted == "" {
		return OID{}, nil
	}
	oid, err := parseNotification(dotted)
	if err == nil && len(oid.field) > e.room {
		err = fmt.Errorf("it takes %d octets: %w", len(oid.field), ErrTooLarge)
	}
	return oid, err
}

// warn says, at most once a minute, that something of an alert's own was of no
// use. Its text is not quoted: it comes from outside.
func (e *Encoder) warn(a *alert.Alert, err error) {
	now := time.Now().Unix()
	last := e.warned.Load()
	if now-last < int64(warnPause/time.Second) || !e.warned.CompareAndSwap(last, now) {
		return
	}
	fingerprint := Value{tag: tagOctetString}
	fingerprint.setFingerprint(a, nil)
	e.log.Warn("snmptrap: what an alert brings of its own cannot be used, it goes out without",
		slog.String("fingerprint", string(fingerprint.append(nil))), slog.Any("error", err))
}
