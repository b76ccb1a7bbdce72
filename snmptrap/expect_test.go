package snmptrap_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
)

// An expectation is the content of the ten objects, worked out from the
// documentation and not from the encoder.
type expectation struct {
	notification string
	names        [10]string
	values       [10]any // string or int
}

// expect says what must become of an alert in a scene.
func expect(s *scene, a *alert.Alert) (e expectation) {
	over, aside := a.Status == alert.Resolved, a.Status == alert.News || a.Test
	level := a.Level
	switch {
	case s.seed && a.Test:
		level = "TEST"
	case s.seed && aside:
		level = "NEWS"
	case s.seed && over:
		level = "OK"
	case level == "":
		level = a.Severity.String()
	}
	texts := [10]string{0: a.Product, 1: level, 2: a.Region, 3: a.Instance, 4: a.Name, 9: a.Summary}
	labels, suffix := [10]string{}, ".0"
	if s.seed {
		labels, suffix = [10]string{"product:", "level:", "regionId:", "instanceName:", "name:"}, ""
	}
	if a.Test {
		labels[4] += "[Test] "
	}
	status, severity := 1, 7
	switch {
	case aside:
		status = 3
	case over:
		status, severity = 2, 1
	case a.Severity >= alert.Critical:
		severity = 3
	case a.Severity == alert.Major:
		severity = 4
	case a.Severity == alert.Warning:
		severity = 6
	}
	when := a.StartsAt
	if over && !a.EndsAt.IsZero() {
		when = a.EndsAt
	}
	e.notification = fmt.Sprintf("%s.0.%d", s.base, status)
	for i := range texts {
		texts[i] = clean(texts[i])
	}
	fingerprint := expectFingerprint(a)
	bounds := s.bounds(&texts, &labels, len(fingerprint))
	for i := range e.names {
		e.names[i] = fmt.Sprintf("%s.%d%s", s.base, i+1, suffix)
		e.values[i] = labels[i] + cutText(texts[i], max(bounds[i]-len(labels[i]), len("…")))
	}
	e.values[5], e.values[6] = status, severity
	e.values[7], e.values[8] = expectTime(when, s.zone), fingerprint
	return e
}

// bounds returns the bounds in octets of the texts: those of the MIB, and if
// the trap would be too large first a lower one for the summary, then one for
// the other five. A label and the mark of a cut always stay.
func (s *scene) bounds(texts, labels *[10]string, fingerprint int) (bounds [10]int) {
	set := func(summary, others int) bool {
		bounds = [10]int{others, others, others, others, others, 9: summary}
		return s.size(texts, labels, &bounds, fingerprint) > s.limit
	}
	if summary := sort.Search(1024, func(less int) bool { return !set(1024-less, 255) }); set(1024-summary, 255) {
		others := sort.Search(255, func(less int) bool { return !set(0, 255-less) })
		set(0, 255-others)
	}
	return bounds
}

// size returns the octets of a trap. A request-id of four octets and an
// upTime of five are what the test uses.
func (s *scene) size(texts, labels *[10]string, bounds *[10]int, fingerprint int) int {
	notification := s.name
	if s.seed {
		notification++
	}
	binds := tlv(tlv(8)+tlv(5)) + tlv(tlv(10)+tlv(notification))
	for i := range texts {
		content := len(labels[i]) + cutSize(texts[i], max(bounds[i]-len(labels[i]), len("…")))
		switch i {
		case 5, 6:
			content = 1
		case 7:
			content = 11
		case 8:
			content = fingerprint
		}
		binds += tlv(tlv(s.name) + tlv(content))
	}
	return tlv(3 + tlv(len(s.community)) + tlv(tlv(4)+6+tlv(binds)))
}

// tlv returns the octets of a field with n octets of content.
func tlv(n int) int {
	switch {
	case n < 128:
		return 2 + n
	case n < 256:
		return 3 + n
	}
	return 4 + n
}

// oidOctets returns the octets of an OID's content.
func oidOctets(dotted string) (n int) {
	var arcs []uint64 // an int may have 32 bits
	for part := range strings.SplitSeq(dotted, ".") {
		arc, _ := strconv.ParseUint(part, 10, 32)
		arcs = append(arcs, arc)
	}
	arcs[1] += 40 * arcs[0]
	for _, arc := range arcs[1:] {
		for n++; arc >= 128; arc >>= 7 {
			n++
		}
	}
	return n
}

// cutText bounds a clean text: whole if it fits, or else as many characters
// as leave room for the mark.
func cutText(text string, bound int) string {
	if len(text) <= bound {
		return text
	}
	keep := 0
	for i, r := range text {
		if end := i + utf8.RuneLen(r); end <= bound-len("…") {
			keep = end
		} else {
			break
		}
	}
	return text[:keep] + "…"
}

// cutSize is the length of cutText's result.
func cutSize(text string, bound int) int {
	if len(text) <= bound {
		return len(text)
	}
	keep := bound - len("…")
	for keep > 0 && !utf8.RuneStart(text[keep]) {
		keep--
	}
	return keep + len("…")
}

// expectTime writes a DateAndTime.
func expectTime(at time.Time, zone *time.Location) string {
	if zone != nil {
		at = at.In(zone)
	}
	_, offset := at.Zone()
	if offset%60 != 0 || offset <= -14*3600 || offset >= 14*3600 {
		at, offset = at.UTC(), 0
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	date := binary.BigEndian.AppendUint16(nil, uint16(at.Year()))
	date = append(date, byte(at.Month()), byte(at.Day()), byte(at.Hour()), byte(at.Minute()), byte(at.Second()), byte(at.Nanosecond()/1e8))
	return string(date) + sign + string([]byte{byte(offset / 3600), byte(offset / 60 % 60)})
}

// expectFingerprint says how a console tells problems apart.
func expectFingerprint(a *alert.Alert) string {
	visible := func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r < '!' || r > '~' }) < 0 }
	aside := a.Test || a.Status == alert.News
	hash := func(fields ...string) string {
		text := strings.Join(fields, "\xff") + "\xff"
		if aside {
			text = "\xfe" + text
		}
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:8])
	}
	switch {
	case a.Key == "" && a.ID == "":
		return hash(a.Source, a.Product, a.Region, a.Resource, a.Instance, a.Name)
	case a.Key == "":
		return hash(a.Source, "", a.ID)
	case aside:
	case a.Source == "" && visible(a.Key) && !strings.Contains(a.Key, "/") && len(a.Key) <= 63:
		return a.Key
	case a.Source != "" && visible(a.Source+a.Key) && !strings.Contains(a.Source, "/") && len(a.Source) <= 15 &&
		len(a.Source+"/"+a.Key) <= 64:
		return a.Source + "/" + a.Key
	}
	return hash(a.Source, a.Key)
}
