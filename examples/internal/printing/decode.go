package printing

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"
)

const (
	sysUpTime   = ".1.3.6.1.2.1.1.3.0"
	snmpTrapOID = ".1.3.6.1.6.3.1.1.4.1.0"
)

// readNotification reads one datagram with gosnmp, which shares no code with
// the encoder that wrote it.
func readNotification(datagram []byte) (*gosnmp.SnmpPacket, error) {
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(datagram)
	if err != nil {
		return nil, fmt.Errorf("no trap: %w", err)
	}
	if p.PDUType != gosnmp.SNMPv2Trap && p.PDUType != gosnmp.InformRequest ||
		p.Version != gosnmp.Version2c || len(p.Variables) < 2 || p.Variables[1].Name != snmpTrapOID {
		return nil, errors.New("no v2c trap or inform: sysUpTime.0 and snmpTrapOID.0 must come first")
	}
	return p, nil
}

// acknowledgement makes the answer to an inform: the same message with another
// tag (RFC 3416 section 4.2.7). It changes that octet in place of encoding
// again, since gosnmp can panic over what it decoded from a hostile datagram.
func acknowledgement(datagram []byte, p *gosnmp.SnmpPacket) ([]byte, error) {
	answer := bytes.Clone(datagram)
	tag := bytes.Index(answer, []byte(p.Community)) + len(p.Community)
	if p.Community == "" || tag >= len(answer) || answer[tag] != byte(gosnmp.InformRequest) {
		return nil, errors.New("not acknowledged: a community that the stand-in cannot answer to")
	}
	answer[tag] = byte(gosnmp.GetResponse)
	return answer, nil
}

// describeNotification lists the objects by name.
func describeNotification(p *gosnmp.SnmpPacket) string {
	notification, _ := p.Variables[1].Value.(string)
	base, kind := splitNotification(notification)
	var b strings.Builder
	for _, v := range p.Variables {
		fmt.Fprintf(&b, "%-21s = ", objectName(v.Name, base))
		if v.Name == snmpTrapOID {
			fmt.Fprintf(&b, "OID: %s (%s)\n", kind, strings.TrimPrefix(notification, "."))
			continue
		}
		b.WriteString(objectValue(objectName(v.Name, base), v) + "\n")
	}
	return b.String()
}

// splitNotification takes base.0.N apart and names N as the MIB module does.
func splitNotification(oid string) (base, name string) {
	for i, name := range [...]string{"tocsinAlertFiring", "tocsinAlertResolved", "tocsinAlertNews"} {
		if base, ok := strings.CutSuffix(oid, fmt.Sprintf(".0.%d", i+1)); ok {
			return base, name
		}
	}
	return oid, "another notification"
}

// objectName is the name that the MIB module gives to an object under base.
// The instance .0, where there is one, stays visible.
func objectName(oid, base string) string {
	switch oid {
	case sysUpTime:
		return "sysUpTime.0"
	case snmpTrapOID:
		return "snmpTrapOID.0"
	}
	names := [...]string{
		"tocsinProduct", "tocsinLevel", "tocsinRegionId", "tocsinInstanceName", "tocsinName",
		"tocsinStatus", "tocsinSeverity", "tocsinTime", "tocsinFingerprint", "tocsinSummary",
	}
	place, instance, dotted := strings.Cut(strings.TrimPrefix(oid, base+"."), ".")
	n, err := strconv.Atoi(place)
	switch {
	case err != nil || n < 1 || n > len(names):
		return strings.TrimPrefix(oid, ".")
	case dotted:
		return names[n-1] + "." + instance
	}
	return names[n-1]
}

// objectValue shows a value as snmptrapd does: the type, then the value.
func objectValue(name string, v gosnmp.SnmpPDU) string {
	switch value := v.Value.(type) {
	case uint32:
		return fmt.Sprintf("Timeticks: (%d) %v", value, time.Duration(value)*10*time.Millisecond)
	case int:
		return fmt.Sprintf("INTEGER: %s(%d)", numberName(name, value), value)
	case []byte:
		if t, ok := dateAndTime(value); ok {
			return "STRING: " + t
		}
		return "STRING: " + string(value)
	}
	return fmt.Sprintf("%v: %v", v.Type, v.Value)
}

// numberName is the word that the MIB module has for a number.
func numberName(object string, n int) string {
	var words []string
	switch strings.TrimSuffix(object, ".0") {
	case "tocsinStatus":
		words = []string{"firing", "resolved", "news"}
	case "tocsinSeverity":
		words = []string{"cleared", "indeterminate", "critical", "major", "minor", "warning", "info"}
	}
	if n < 1 || n > len(words) {
		return ""
	}
	return words[n-1]
}

// dateAndTime reads the 11 octets of a DateAndTime. They hold zero octets,
// which no text of ours does.
func dateAndTime(b []byte) (string, bool) {
	if len(b) != 11 || b[8] != '+' && b[8] != '-' || b[2] > 12 || b[3] > 31 {
		return "", false
	}
	return fmt.Sprintf("%d-%d-%d,%d:%d:%d.%d,%c%d:%d",
		int(b[0])<<8|int(b[1]), b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10]), true
}
