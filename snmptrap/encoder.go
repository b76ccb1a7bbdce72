package snmptrap

import (
	"errors"
	"fmt"
	"math"
	"strings"
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
	objects   [objectCount]Varbind
	layout    Layout
	location  *time.Location
	maxSize   int
}

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
	e := &Encoder{community: secret.New(community), layout: o.Layout, location: o.Location, maxSize: o.MaxSize}
	if err := e.name(base); err != nil {
		return nil, fmt.Errorf("snmptrap: base OID: %w", err)
	}
	if err := e.tryWorst(); err != nil {
		return nil, fmt.Errorf("snmptrap: community and base OID are too long for MaxSize: %w", err)
	}
	return e, nil
}

// name makes the names of all notifications and objects. The notifications
// end in 0.N, which alone survives a proxy to SNMPv1 (RFC 3584 section 3).
func (e *Encoder) name(base OID) (err error) {
	if e.firing, err = base.Append(0, 1); err != nil {
		return err
	}
	if e.resolved, err = base.Append(0, 2); err != nil {
		return err
	}
	e.objects, err = template(base, e.layout)
	return err
}

// tryWorst encodes the alert whose trap cannot be cut to less than any other.
func (e *Encoder) tryWorst() error {
	a := alert.Alert{Product: mark, Level: mark, Region: mark, Instance: mark, Name: mark, Summary: mark}
	a.Key = strings.Repeat("k", maxFingerprint-1)
	_, err := e.AppendTrap(nil, a, math.MaxInt32, math.MaxUint32)
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
	return e.append(dst, tagTrap, a, requestID, upTime)
}

// AppendInform appends the inform for a to dst. It differs from the trap in
// one octet, and the request-id is more than a help for readers: the answer
// carries it.
func (e *Encoder) AppendInform(dst []byte, a alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	return e.append(dst, tagInform, a, requestID, upTime)
}

// append appends the notification for a with the given PDU tag.
func (e *Encoder) append(dst []byte, tag byte, a alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	if e == nil || e.firing.IsZero() {
		return dst, &Error{Op: "encode", Err: errors.New("the Encoder was not made by NewEncoder")}
	}
	objects := e.objects
	e.describe(&objects, &a, dst[len(dst):])
	t := Trap{RequestID: requestID, UpTime: upTime, OID: e.notification(a.Status), Varbinds: objects[:]}
	community := e.community.Reveal()
	m, err := fit(community, &t, e.maxSize)
	if err != nil {
		return dst, &Error{Op: "encode", Err: err}
	}
	return m.append(dst, tag, community, &t), nil
}

// notification returns which notification reports a status. Only what is
// certainly over goes out as resolved.
func (e *Encoder) notification(s alert.Status) OID {
	if s == alert.Resolved {
		return e.resolved
	}
	return e.firing
}

// fit cuts the texts of an alert's trap until the message has at most limit
// octets: the summary first, as far as it must, then the longest of the
// others, so that equals share the loss.
func fit(community string, t *Trap, limit int) (measured, error) {
	m := measure(community, t)
	if m.total > limit {
		m = shrink(community, t, t.Varbinds[objectSummary:], maxSummary, limit)
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
