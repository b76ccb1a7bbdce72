package snmptrap

import (
	"slices"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// An alert as most are, with clean text of ordinary length and the usual
// names, is written straight into the buffer: nothing is measured first, and
// the lengths of the three outer fields, which then take three octets each,
// are filled in at the end. It takes half of the time. Every other alert goes
// the way of [Trap]; the octets are the same.

// headSize is the room for the head of an object: its name and the tag of its
// value, as BER fields.
const headSize = 16

// A quick holds what is the same in all such traps.
type quick struct {
	heads  [objectCount][headSize]byte
	head   int                 // octets of each head, zero if this way is closed
	outer  secret.Text         // version and community
	inner  [3]string           // snmpTrapOID.0 with the notification, by status
	labels [objectCount]string // in front of texts
	middle string              // status, severity, and time up to its value
	most   int                 // octets of a trap beside its texts, at most
}

// newQuick prepares what e writes always. The way is closed if names are
// longer than usual or not all of one length, or differ from alert to alert.
func newQuick(e *Encoder) (q quick) {
	head := len(e.objects[0].Name.field) + 1
	for i := range e.objects {
		v := &e.objects[i]
		if len(v.Name.field)+1 != head {
			return quick{}
		}
		copy(q.heads[i][:], v.Name.field)
		if head <= headSize {
			q.heads[i][head-1] = v.Value.tag
		}
		if i < objectTexts {
			q.labels[i] = string(v.Value.raw[:v.Value.own])
		}
	}
	if head > headSize || e.ownNotification != nil || e.ownAddress != nil {
		return quick{}
	}
	q.head = head
	outer := string(appendV2c(nil, e.community.Reveal(), 0)[2:])
	q.outer = secret.New(outer)
	for i, oid := range []OID{e.firing, e.resolved, e.news} {
		field := appendHeader(nil, tagSequence, len(snmpTrapOID)+len(oid.field))
		q.inner[i] = string(field) + snmpTrapOID + oid.field
	}
	for i := objectStatus; i <= objectTime; i++ {
		size := 1
		if i == objectTime {
			size = dateSize
		}
		field := appendHeader(nil, tagSequence, head+1+size)
		q.middle += string(field) + string(q.heads[i][:head]) + string(append([]byte{byte(size)}, make([]byte, size)...))
	}
	q.most = 64 + len(outer) + max(len(q.inner[0]), len(q.inner[1]), len(q.inner[2])) + len(q.middle) +
		(objectTexts+2)*(8+head) + len("instanceName:")*objectTexts + maxFingerprint
	return q
}

// appendQuick appends the notification of an alert as most are. It reports
// false, with dst as it was, for one that goes the other way.
func (e *Encoder) appendQuick(dst []byte, tag byte, a *alert.Alert, requestID int32, upTime uint32) ([]byte, bool) {
	q := &e.quick
	texts := [...]string{a.Product, e.level(a), a.Region, a.Instance, a.Name}
	size := q.most + len(a.Summary)
	for i, text := range texts {
		if len(q.labels[i])+len(text) > maxText || plainPrefix(text) != len(text) {
			return dst, false
		}
		size += len(text)
	}
	if q.head == 0 || a.Test || size > e.maxSize || requestID < 1<<23 || len(a.Summary) > maxSummary || plainPrefix(a.Summary) != len(a.Summary) {
		return dst, false
	}
	before := len(dst)
	dst = slices.Grow(dst, size+headSize)
	b := dst[before : before+size+headSize]

	p := 4 + copy(b[4:], q.outer.Reveal())
	pdu := p + 4
	copy(b[pdu:], "\x02\x04....\x02\x01\x00\x02\x01\x00\x30\x82..\x30")
	b[pdu+2], b[pdu+3], b[pdu+4], b[pdu+5] = byte(requestID>>24), byte(requestID>>16), byte(requestID>>8), byte(requestID)
	binds := pdu + 16
	n := unsignedSize(upTime)
	b[binds], b[binds+1] = tagSequence, byte(len(sysUpTime)+2+n)
	p = binds + 2 + copy(b[binds+2:], sysUpTime)
	b[p], b[p+1] = tagTimeTicks, byte(n)
	p = len(appendInteger(b[:p+2], int64(upTime), n))
	p += copy(b[p:], q.inner[statusNumber(a)-1])
	for i, text := range texts {
		p = q.put(b, p, i, q.labels[i], text)
	}
	p = q.putMiddle(b, p, e, a)
	var v Value
	v.setFingerprint(a, b[p:p])
	p = q.put(b, p, objectFingerprint, string(v.raw[:v.own]), v.text)
	p = q.put(b, p, objectSummary, "", a.Summary)

	if p-binds < 1<<8 {
		return dst[:before], false // shorter lengths would do
	}
	putLength(b, 0, tagSequence, p-4)
	putLength(b, pdu-4, tag, p-pdu)
	putLength(b, binds-4, tagSequence, p-binds)
	return dst[:before+p], true
}

// put writes an object that is text at p and returns where it ends.
func (q *quick) put(b []byte, p, place int, label, text string) int {
	n := len(label) + len(text)
	p = len(appendHeader(b[:p], tagSequence, q.head+lengthSize(n)+n))
	*(*[headSize]byte)(b[p:]) = q.heads[place] // what is too much is overwritten
	p += q.head - 1
	p = len(appendHeader(b[:p], tagOctetString, n))
	if label != "" {
		p += copy(b[p:], label)
	}
	return p + copy(b[p:], text)
}

// putMiddle writes status, severity and time.
func (q *quick) putMiddle(b []byte, p int, e *Encoder, a *alert.Alert) int {
	end := p + copy(b[p:], q.middle)
	one := 2 + q.head + 2 // octets of an object of one octet
	b[p+one-1] = statusNumber(a)
	b[p+2*one-1] = severityNumber(a)
	var v Value
	v.setTime(a.Time(), e.location)
	*(*[dateSize]byte)(b[end-dateSize:]) = [dateSize]byte(v.raw[:dateSize])
	return end
}

// putLength writes the header of a field with a length of three octets.
func putLength(b []byte, at int, tag byte, n int) {
	b[at], b[at+1], b[at+2], b[at+3] = tag, 0x82, byte(n>>8), byte(n)
}
