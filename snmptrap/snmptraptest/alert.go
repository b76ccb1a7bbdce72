package snmptraptest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// An Alert is what the ten objects of an alert say, by name.
type Alert struct {
	Product  string
	Level    string // the source's own word
	Region   string
	Instance string
	Name     string

	Status       int    // 1 to 3
	StatusWord   string // "firing", "resolved" or "news"
	Severity     int    // 1 to 7, as ItuPerceivedSeverity counts
	SeverityWord string // "cleared" … "info"

	// Time is the moment of the change, to a tenth of a second, in the zone
	// that came with it; in UTC if none came.
	Time time.Time

	Fingerprint string
	Summary     string

	// Labelled says that the objects came in the layout of the original relay:
	// named without ".0", the first five with labels, which were taken off.
	Labelled bool
}

// Alert reads the alert that a notification under the base OID reports, in
// either layout. It fails with a [*Violation] if the objects are not as the
// MIB has them.
func (t Trap) Alert(base string) (Alert, error) {
	rules := Rules{Base: base, MaxSize: -1, Lax: true}
	m, err := rules.read(t.Datagram())
	if err != nil {
		return Alert{}, err
	}
	arcs, err := rules.base()
	if err != nil || len(arcs) == 0 || !strings.HasPrefix(t.OID, dotted(arcs)+".0.") || len(t.Varbinds) < places {
		return Alert{}, fmt.Errorf("snmptraptest: the notification %s is no alert under the base", t.OID)
	}
	labelled := len(m.bindings[2].name) == len(arcs)+1
	text := func(place int) string {
		octets, _ := t.Varbinds[place].Value.([]byte)
		if labelled {
			return strings.TrimPrefix(string(octets), label(place))
		}
		return string(octets)
	}
	status, _ := t.Varbinds[placeStatus].Value.(int)
	severity, _ := t.Varbinds[placeSeverity].Value.(int)
	return Alert{
		Product: text(0), Level: text(1), Region: text(2), Instance: text(3), Name: text(4),
		Status: status, StatusWord: statusWord(status), Severity: severity, SeverityWord: severityWord(severity),
		Time: parseDate([]byte(text(placeTime))), Fingerprint: text(placeFingerprint), Summary: text(placeSummary),
		Labelled: labelled,
	}, nil
}

// statusWord returns the MIB's name for a status in range.
func statusWord(n int) string { return [...]string{"", "firing", "resolved", "news"}[n] }

// severityWord returns the MIB's name for a severity in range.
func severityWord(n int) string {
	return [...]string{"", "cleared", "indeterminate", "critical", "major", "minor", "warning", "info"}[n]
}

// parseDate reads a DateAndTime that was checked.
func parseDate(b []byte) time.Time {
	zone := time.UTC
	if len(b) == 11 {
		offset := int(b[9])*3600 + int(b[10])*60
		if b[8] == '-' {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	}
	return time.Date(int(binary.BigEndian.Uint16(b)), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]), int(b[7])*1e8, zone)
}
