package snmptrap

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// An Encoder turns alerts into traps without sending them. It is immutable
// and safe for concurrent use.
type Encoder struct {
	community secret.Text
	version   byte
	agent     [4]byte // of SNMPv1, if Address has none
	firing    OID
	resolved  OID
	news      OID
	objects   [objectCount]Varbind
	layout    Layout
	location  *time.Location
	textTime  bool
	maxSize   int
	log       *slog.Logger

	room            int // octets that the field of a notification may take
	ownNotification func(alert.Alert) string
	ownAddress      func(alert.Alert) netip.Addr
	ownObjects      func(alert.Alert) []Varbind
	warned          *atomic.Int64 // when something of an alert's own was of no use, in Unix seconds
}

// lengthGrowth is what the lengths of four nested fields may take more when
// their content grows, in octets.
const lengthGrowth = 8

// NewEncoder returns an Encoder. The community is required: it goes over the
// network in clear text, and no default will do for a password. It may hold no
// blank, control character or byte order mark, which belong to a file and not to
// a password. So is the base OID, in dotted form, under which the objects and
// notifications stand: your own enterprise's, 1.3.6.1.4.1.32473 in examples (RFC
// 5612), or [SeedBaseOID].
//
// It fails if the shortest possible trap does not fit MaxSize; so any alert
// can be encoded later. It cannot encode for SNMPv3, whose messages hold the time.
func NewEncoder(community, baseOID string, opts *Options) (*Encoder, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.User != nil {
		return nil, errors.New("snmptrap: an Encoder cannot encode for SNMPv3")
	}
	return newEncoder(community, baseOID, &o)
}

// newEncoder is NewEncoder for options with their defaults. The community is
// that of an inner message when SNMPv3 is used, and then empty.
func newEncoder(community, baseOID string, o *Options) (*Encoder, error) {
	base, err := ParseOID(baseOID)
	if err != nil {
		return nil, fmt.Errorf("snmptrap: base OID: %w", err)
	}
	e := &Encoder{
		community: secret.New(community), version: versionV2c, layout: o.Layout, location: o.Location, textTime: o.TextTime,
		maxSize: o.MaxSize, log: o.Logger, ownNotification: o.OIDs.Notification, ownAddress: o.Address, ownObjects: o.Extra,
		warned: new(atomic.Int64),
	}
	if o.User != nil && community != "" {
		return nil, errors.New("snmptrap: SNMPv3 has a user and no community")
	}
	if o.User != nil {
		e.maxSize -= userRoom
	} else if err := checkCommunity(community); err != nil {
		return nil, err
	}
	if o.V1 {
		e.version = versionV1
		if local, err := netip.ParseAddr(o.LocalAddr); err == nil && local.Is4() {
			e.agent = local.As4()
		}
	}
	if err := e.name(base, o); err != nil {
		return nil, err
	}
	if err := e.tryWorst(); err != nil {
		return nil, fmt.Errorf("snmptrap: community and base OID are too long for MaxSize: %w", err)
	}
	return e, nil
}

// checkCommunity refuses what nobody means to send. It does not quote it.
func checkCommunity(community string) error {
	if community == "" {
		return errors.New("snmptrap: the community is empty")
	}
	for i, r := range community {
		if unicode.IsSpace(r) || isControl(r) {
			return fmt.Errorf("snmptrap: the community has a blank, a control character or a byte order mark at octet %d", i+1)
		}
	}
	return nil
}

// name makes the names of all notifications and objects.
func (e *Encoder) name(base OID, o *Options) (err error) {
	if e.firing, err = e.fixed(o.OIDs.Firing, base, 1); err != nil {
		return err
	}
	if e.resolved, err = e.fixed(o.OIDs.Resolved, base, 2); err != nil {
		return err
	}
	if e.news, err = e.fixed(o.OIDs.News, base, 3); err != nil {
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
	n := e.notice(tagTrap, math.MaxInt32, math.MaxUint32)
	n.OID, n.Varbinds = e.firing, binds[:objectCount]
	for _, oid := range []OID{e.resolved, e.news} {
		if len(oid.field) > len(n.OID.field) {
			n.OID = oid
		}
	}
	if e.ownAddress != nil {
		binds[objectCount] = trapAddress(netip.IPv4Unspecified())
		n.Varbinds = binds[:]
	}
	n.toV1()
	err := n.fit(e.maxSize, true)
	e.room = len(n.OID.field) + e.maxSize - n.total - lengthGrowth
	return err
}

// AppendTrap appends the trap for a to dst, ready to be the payload of a
// datagram. It allocates nothing if dst has room for it, unless Options has
// something of the alert's own. The request-id,
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

// notice returns a notification of nothing yet.
func (e *Encoder) notice(tag byte, requestID int32, upTime uint32) notice {
	return notice{version: e.version, tag: tag, community: e.community.Reveal(), requestID: requestID, upTime: upTime, agent: e.agent}
}

// append appends the notification for a with the given PDU tag.
func (e *Encoder) append(dst []byte, tag byte, a *alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	if e == nil || e.firing.IsZero() {
		return dst, &Error{Op: "encode", Err: errors.New("the Encoder was not made by NewEncoder")}
	}
	binds := e.objects
	e.describe(&binds, a, dst[len(dst):])
	n := e.notice(tag, requestID, upTime)
	n.OID, n.Varbinds = e.notification(a), binds[:]
	if e.ownAddress == nil && e.ownObjects == nil {
		return e.encode(dst, &n, true)
	}
	var address []Varbind
	if e.ownAddress != nil {
		if v := trapAddress(e.ownAddress(*a)); v.Value.tag != 0 {
			address = []Varbind{v}
		}
	}
	n.Varbinds = slices.Concat(n.Varbinds, address)
	if e.ownObjects == nil {
		return e.encode(dst, &n, true)
	}
	with := n
	with.Varbinds = slices.Concat(binds[:], e.objectsOf(a), address)
	out, err := e.encode(dst, &with, false)
	if err == nil {
		return out, nil
	}
	e.warn(a, fmt.Errorf("its own objects: %w", err))
	return e.encode(dst, &n, true) // nothing was cut for what is left out
}

// encode cuts a notification to what fits, the summary or all texts, and appends it.
func (e *Encoder) encode(dst []byte, n *notice, all bool) ([]byte, error) {
	if n.version == versionV1 {
		n.toV1()
	}
	if err := n.fit(e.maxSize, all); err != nil {
		return dst, &Error{Op: "encode", Err: err}
	}
	return n.append(dst), nil
}

// appendTrap appends a notification of the caller's own.
func (e *Encoder) appendTrap(dst []byte, tag byte, t Trap, requestID int32, upTime uint32) ([]byte, error) {
	if err := t.check(e.version == versionV1); err != nil {
		return dst, &Error{Op: "encode", Err: err}
	}
	n := e.notice(tag, requestID, upTime)
	n.Trap = t
	if n.version == versionV1 {
		n.toV1()
	}
	if n.measure(); n.total > maxDatagram {
		return dst, &Error{Op: "encode", Err: sizeError(n.total, maxDatagram)}
	}
	return n.append(dst), nil
}

// fit cuts the texts of an alert's trap until the message has at most limit
// octets: the summary first, as far as it must, then, if all may be, the longest
// of the others, so that equals share the loss.
func (n *notice) fit(limit int, all bool) error {
	n.measure()
	if n.total > limit {
		n.shrink(n.Varbinds[objectSummary:objectSummary+1], maxSummary, limit)
	}
	if n.total > limit && all {
		n.shrink(n.Varbinds[:objectTexts], maxText, limit)
	}
	if n.total > limit {
		return sizeError(n.total, limit)
	}
	return nil
}

// shrink bounds each of the texts to the greatest size, at most the given
// one, with which the message fits, or cuts them as far as they can be. It
// searches, because shorter content also makes for shorter lengths.
func (n *notice) shrink(texts []Varbind, most, limit int) {
	least := 0
	for {
		bound := (least + most + 1) / 2
		for i := range texts {
			texts[i].Value.measure(bound)
		}
		n.measure()
		switch {
		case least == most:
			return
		case n.total <= limit:
			least = bound
		default:
			most = bound - 1
		}
	}
}
