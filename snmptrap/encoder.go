package snmptrap

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// An Encoder turns alerts into traps without sending them. It is immutable
// and safe for concurrent use.
type Encoder struct {
	community secret.Text
	firing    OID
	resolved  OID
	news      OID
	objects   [objectCount]Varbind
	layout    Layout
	location  *time.Location
	maxSize   int
	log       *slog.Logger

	quick           quick
	room            int // octets that the field of a notification may take
	ownNotification func(alert.Alert) string
	ownAddress      func(alert.Alert) netip.Addr
	warned          *atomic.Int64 // when a notification was of no use, in Unix seconds
}

// lengthGrowth is what the lengths of four nested fields may take more when
// their content grows, in octets.
const lengthGrowth = 8

// NewEncoder returns an Encoder. The community is required: it goes over the
// network in clear text, and no default will do for a password. So is the
// base OID, in dotted form, under which the objects and notifications stand:
// your own enterprise's, 1.3.6.1.4.1.32473 in examples (RFC 5612), or
// [SeedBaseOID].
//
// It fails if the shortest possible trap does not fit MaxSize; so any alert
// can be encoded later.
func NewEncoder(community, baseOID string, opts *Options) (*Encoder, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if community == "" {
		return nil, errors.New("snmptrap: the community is empty")
	}
	base, err := ParseOID(baseOID)
	if err != nil {
		return nil, fmt.Errorf("snmptrap: base OID: %w", err)
	}
	e := &Encoder{
		community: secret.New(community), layout: o.Layout, location: o.Location, maxSize: o.MaxSize, log: o.Logger,
		ownNotification: o.OIDs.Notification, ownAddress: o.Address, warned: new(atomic.Int64),
	}
	if err := e.name(base, &o); err != nil {
		return nil, err
	}
	if err := e.tryWorst(); err != nil {
		return nil, fmt.Errorf("snmptrap: community and base OID are too long for MaxSize: %w", err)
	}
	e.quick = newQuick(e)
	return e, nil
}

// name makes the names of all notifications and objects. The notifications
// end in 0.N, which alone survives a proxy to SNMPv1 (RFC 3584 section 3).
func (e *Encoder) name(base OID, o *Options) (err error) {
	if e.firing, err = notification(o.OIDs.Firing, base, 1); err != nil {
		return err
	}
	if e.resolved, err = notification(o.OIDs.Resolved, base, 2); err != nil {
		return err
	}
	if e.news, err = notification(o.OIDs.News, base, 3); err != nil {
		return err
	}
	if e.objects, err = template(base, o); err != nil {
		return err
	}
	return checkNames(e.objects[:], o.OIDs.Objects)
}

// tryWorst encodes the alert whose trap cannot be cut to less than any other,
// and finds out how many octets are left for a longer notification.
func (e *Encoder) tryWorst() error {
	a := alert.Alert{Product: mark, Level: mark, Region: mark, Instance: mark, Name: mark, Summary: mark}
	a.Source, a.Key = "s", strings.Repeat("k", maxFingerprint-2) // with the slash the longest fingerprint
	var binds [objectCount + 1]Varbind
	copy(binds[:], e.objects[:])
	e.describe((*[objectCount]Varbind)(binds[:]), &a, nil)
	t := Trap{RequestID: math.MaxInt32, UpTime: math.MaxUint32, OID: e.firing, Varbinds: binds[:objectCount]}
	for _, oid := range []OID{e.resolved, e.news} {
		if len(oid.field) > len(t.OID.field) {
			t.OID = oid
		}
	}
	if e.ownAddress != nil {
		binds[objectCount] = trapAddress(netip.IPv4Unspecified())
		t.Varbinds = binds[:]
	}
	m, err := fit(e.community.Reveal(), &t, e.maxSize)
	e.room = len(t.OID.field) + e.maxSize - m.total - lengthGrowth
	return err
}

// AppendTrap appends the trap for a to dst, ready to be the payload of a
// datagram. It allocates nothing if dst has room for it. The request-id,
// which is only for reading captures, should be in 1 to 2^31-1; upTime is in
// hundredths of a second since the sender started (RFC 3416 section 4.2.6).
//
// Texts are cleaned as [Text] does. Product, level, region, instance and name
// are cut to 255 octets, label included, and the summary to 1,024; if the
// trap is still too large the summary is cut further, then the longest of the
// others. Each cut ends in "…". On an error, which can only mean an Encoder
// that NewEncoder did not make, dst is returned unchanged.
func (e *Encoder) AppendTrap(dst []byte, a alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	return e.append(dst, tagTrap, &a, requestID, upTime)
}

// AppendInform appends the inform for a to dst. It differs from the trap in
// one octet, and the request-id is more than a help for readers: the answer
// carries it.
func (e *Encoder) AppendInform(dst []byte, a alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	return e.append(dst, tagInform, &a, requestID, upTime)
}

// append appends the notification for a with the given PDU tag.
func (e *Encoder) append(dst []byte, tag byte, a *alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	if e == nil || e.firing.IsZero() {
		return dst, &Error{Op: "encode", Err: errors.New("the Encoder was not made by NewEncoder")}
	}
	if out, ok := e.appendQuick(dst, tag, a, requestID, upTime); ok {
		return out, nil
	}
	return e.appendAny(dst, tag, a, requestID, upTime)
}

// appendAny appends the notification of any alert.
func (e *Encoder) appendAny(dst []byte, tag byte, a *alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	var binds [objectCount + 1]Varbind
	objects := (*[objectCount]Varbind)(binds[:])
	*objects = e.objects
	e.describe(objects, a, dst[len(dst):])
	t := Trap{RequestID: requestID, UpTime: upTime, OID: e.notification(a), Varbinds: objects[:]}
	if e.ownAddress != nil {
		if binds[objectCount] = trapAddress(e.ownAddress(*a)); binds[objectCount].Value.tag != 0 {
			t.Varbinds = binds[:]
		}
	}
	community := e.community.Reveal()
	m, err := fit(community, &t, e.maxSize)
	if err != nil {
		return dst, &Error{Op: "encode", Err: err}
	}
	return m.append(dst, tag, community, &t), nil
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
		e.warn(*a, err)
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

// warn says, at most once a minute, that an alert's own notification was of no
// use. Its text is not quoted: it comes from outside.
func (e *Encoder) warn(a alert.Alert, err error) {
	now := time.Now().Unix()
	last := e.warned.Load()
	if now-last < int64(warnPause/time.Second) || !e.warned.CompareAndSwap(last, now) {
		return
	}
	fingerprint := Value{tag: tagOctetString}
	fingerprint.setFingerprint(&a, nil)
	e.log.Warn("snmptrap: an alert's own notification cannot be used, the default goes out",
		slog.String("fingerprint", string(fingerprint.append(nil))), slog.Any("error", err))
}

// fit cuts the texts of an alert's trap until the message has at most limit
// octets: the summary first, as far as it must, then the longest of the
// others, so that equals share the loss.
func fit(community string, t *Trap, limit int) (measured, error) {
	m := measure(community, t)
	if m.total > limit {
		m = shrink(community, t, t.Varbinds[objectSummary:objectSummary+1], maxSummary, limit)
	}
	if m.total > limit {
		m = shrink(community, t, t.Varbinds[:objectTexts], maxText, limit)
	}
	if m.total > limit {
		return m, sizeError(m.total, limit)
	}
	return m, nil
}

// shrink bounds each of the texts to the greatest size, at most the given
// one, with which the message fits, or cuts them as far as they can be. It
// searches, because shorter content also makes for shorter lengths.
func shrink(community string, t *Trap, texts []Varbind, most, limit int) (m measured) {
	least := 0
	for {
		bound := (least + most + 1) / 2
		for i := range texts {
			texts[i].Value.measure(bound)
		}
		m = measure(community, t)
		switch {
		case least == most:
			return m
		case m.total <= limit:
			least = bound
		default:
			most = bound - 1
		}
	}
}
