package snmptrap

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// The objects of an alert's trap, by their place. All ten are always present
// and in this order, as a notification's OBJECTS clause demands (RFC 2578
// section 8.1): a new one may only be appended.
const (
	objectProduct = iota
	objectLevel
	objectRegion
	objectInstance
	objectName
	objectStatus
	objectSeverity
	objectTime
	objectFingerprint
	objectSummary
	objectCount

	objectTexts = objectName + 1 // the first five are text that may be cut
)

const (
	maxText    = 255  // octets of a SnmpAdminString (RFC 3411)
	maxSummary = 1024 // octets of the summary
)

// seedLabel returns the label of an object in the Seed layout.
func seedLabel(place int) string {
	switch place {
	case objectProduct:
		return "product:"
	case objectLevel:
		return "level:"
	case objectRegion:
		return "regionId:"
	case objectInstance:
		return "instanceName:"
	case objectName:
		return "name:"
	}
	return ""
}

// template returns the objects of a trap as far as they are the same for
// every alert: types, labels, and names under the base unless others are set.
func template(base OID, o *Options) (objects [objectCount]Varbind, err error) {
	for i := range objects {
		v := &objects[i].Value
		v.tag = tagOctetString
		if o.Layout == Seed {
			v.own = uint8(copy(v.raw[:], seedLabel(i)))
		}
		if i == objectStatus || i == objectSeverity {
			*v = Integer(0) // any number of one octet
		}
		if objects[i].Name, err = o.OIDs.object(base, i, o.Layout); err != nil {
			return objects, err
		}
	}
	return objects, nil
}

// describe completes a copy of the template. The scratch space is for octets
// that are of no use afterwards.
func (e *Encoder) describe(objects *[objectCount]Varbind, a *alert.Alert, scratch []byte) {
	objects[objectProduct].Value.setText(a.Product, maxText)
	objects[objectLevel].Value.setText(e.level(a), maxText)
	objects[objectRegion].Value.setText(a.Region, maxText)
	objects[objectInstance].Value.setText(a.Instance, maxText)
	name := &objects[objectName].Value
	if a.Test {
		name.own += uint8(copy(name.raw[name.own:], testMark))
	}
	name.setText(a.Name, maxText)
	objects[objectStatus].Value.raw[0] = statusNumber(a)
	objects[objectSeverity].Value.raw[0] = severityNumber(a)
	e.setTime(&objects[objectTime].Value, a.Time())
	objects[objectFingerprint].Value.setFingerprint(a, scratch)
	objects[objectSummary].Value.setText(a.Summary, maxSummary)
}

// dateSize is the size of a DateAndTime with a zone, in octets.
const dateSize = 11

// setText puts a text behind the label, if there is one.
func (v *Value) setText(s string, limit int) {
	v.text = s
	v.measure(limit)
}

// testMark stands in front of the name of a test. It is ASCII, which receivers
// without the MIB show as it is.
const testMark = "[Test] "

// aside reports whether an alert is about no real problem: a test, or news.
func aside(a *alert.Alert) bool { return a.Test || a.Status == alert.News }

// level returns the word to send for an alert's severity: the source's own,
// except that the Seed layout, on whose words people filter, says OK when the
// problem is over, and names what neither begins nor ends one.
func (e *Encoder) level(a *alert.Alert) string {
	switch {
	case e.layout != Seed:
	case a.Test:
		return "TEST"
	case a.Status == alert.News:
		return "NEWS"
	case a.Status == alert.Resolved:
		return "OK"
	}
	return a.LevelWord()
}

// statusNumber returns firing(1), resolved(2) or news(3). An alert about missing
// data is a problem that somebody must see, so it goes out as firing.
func statusNumber(a *alert.Alert) byte {
	switch {
	case aside(a):
		return 3
	case a.Status == alert.Resolved:
		return 2
	}
	return 1
}

// severityNumber returns the severity as ItuPerceivedSeverity of RFC 3877
// counts, cleared(1), critical(3), major(4) and warning(6), or info(7) after
// its end. Notice, which asks for nothing, is info, and so are news and tests,
// however grave; indeterminate(2) and minor(5) have no counterpart. A value out of
// range counts as the nearest.
func severityNumber(a *alert.Alert) byte {
	switch s := a.Severity; {
	case aside(a):
		return 7
	case a.Status == alert.Resolved:
		return 1
	case s >= alert.Critical:
		return 3
	case s == alert.Major:
		return 4
	case s == alert.Warning:
		return 6
	}
	return 7
}

// The years that fit two octets, 1 to 65534 in any zone, in Unix time.
const (
	firstSecond = -62135510400  // 0001-01-02 00:00:00 UTC
	lastSecond  = 2005949059200 // 65535-12-31 00:00:00 UTC
)

// setTime makes v a DateAndTime of 11 octets (RFC 2579): the time, in tenths
// of a second, and its distance from UTC; or the same as text. There is no way
// to write an unknown time, so the zero time, and one whose year takes more than
// two octets, become the present.
func (e *Encoder) setTime(v *Value, t time.Time) {
	if t.IsZero() || t.Unix() < firstSecond || t.Unix() >= lastSecond {
		t = time.Now()
	}
	if e.location != nil {
		t = t.In(e.location)
	}
	if e.textTime {
		v.setText(t.Format("2006-01-02 15:04:05 -07:00"), maxText)
		return
	}
	_, offset := t.Zone()
	if offset%60 != 0 || offset <= -14*3600 || offset >= 14*3600 {
		t, offset = t.UTC(), 0 // a zone that cannot be written
	}
	sign, ahead := byte('+'), offset
	if offset < 0 {
		sign, ahead = '-', -offset
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	v.size, v.own = dateSize, dateSize
	v.raw = [16]byte{
		byte(year >> 8), byte(year), byte(month), byte(day), byte(hour), byte(minute), byte(second),
		byte(t.Nanosecond() / 1e8), sign, byte(ahead / 3600), byte(ahead / 60 % 60),
	}
}
