package snmptraptest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

func TestCheckMessages(t *testing.T) {
	t.Parallel()
	good := string(message(pdu(0xa7, upTime(), trapOID("\x01"))))
	edit := func(from, to string) []byte {
		require.Equal(t, 1, strings.Count(good, from), "%x", from)
		return []byte(strings.Replace(good, from, to, 1))
	}
	long := strings.Repeat("\x01", 126)
	for _, tt := range []struct {
		name     string
		datagram []byte
		want     error
		lax      error
	}{
		{"good", []byte(good), nil, nil},
		{"inform", message(pdu(0xa6, upTime(), trapOID("\x01"))), nil, nil},
		{"nothing", nil, snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"one octet", []byte("\x30"), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"cut off", []byte(good[:len(good)-1]), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"cut off in a length", []byte("\x30\x82\x01"), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"no sequence", []byte("\x31" + good[1:]), snmptraptest.RuleTag, snmptraptest.RuleTag},
		{"tag of two octets", []byte("\x3f" + good[1:]), snmptraptest.RuleTag, snmptraptest.RuleTag},
		{"indefinite", []byte("\x30\x80" + good[2:] + "\x00\x00"), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"long length", []byte("\x30\x81" + good[1:]), snmptraptest.RuleLength, nil},
		{"longer length", []byte("\x30\x82\x00" + good[1:]), snmptraptest.RuleLength, nil},
		{"too long length", []byte("\x30\x85\x00\x00\x00\x00" + good[1:]), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"zero before a long length", with("\x04\x82\x00\x80" + strings.Repeat("x", 128)), snmptraptest.RuleLength, nil},
		{"longer than what is around it", message(pdu(0xa7, upTime(), bind(trapOIDName, "\x06\x0b"+baseOctets), upTime())), snmptraptest.RuleLength, snmptraptest.RuleLength},
		{"value with a tag of two octets", with("\x5f\x20\x01x"), snmptraptest.RuleTag, snmptraptest.RuleTag},
		{"octet after the message", []byte(good + "\x00"), snmptraptest.RuleWhole, snmptraptest.RuleWhole},
		{"octet after the PDU", message(pdu(0xa7, upTime(), trapOID("\x01")) + "\x05\x00"), snmptraptest.RuleWhole, snmptraptest.RuleWhole},
		{"octet inside the PDU", message(tlv(0xa7, "\x02\x01\x05\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")), "\x05\x00")), snmptraptest.RuleWhole, snmptraptest.RuleWhole},
		{"octet inside a binding", message(pdu(0xa7, upTime(), tlv(0x30, tlv(0x06, trapOIDName), tlv(0x06, baseOctets, "\x00\x01"), "\x05\x00"))), snmptraptest.RuleWhole, snmptraptest.RuleWhole},
		{"version 0", edit("\x02\x01\x01\x04", "\x02\x01\x00\x04"), snmptraptest.RuleVersion, snmptraptest.RuleVersion},
		{"version 3", edit("\x02\x01\x01\x04", "\x02\x01\x03\x04"), snmptraptest.RuleVersion, snmptraptest.RuleVersion},
		{"version of two octets", []byte(tlv(0x30, "\x02\x02\x00\x01", good[5:])), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"community no octets", edit("\x04\x04hush", "\x05\x04hush"), snmptraptest.RuleTag, snmptraptest.RuleTag},
		{"community empty", []byte(tlv(0x30, "\x02\x01\x01", "\x04\x00", pdu(0xa7, upTime(), trapOID("\x01")))), nil, nil},
		{"response", message(pdu(0xa2, upTime(), trapOID("\x01"))), snmptraptest.RulePDU, snmptraptest.RulePDU},
		{"request-id negative", edit("\x02\x01\x05", "\x02\x01\x85"), snmptraptest.RuleRequestID, nil},
		{"request-id too long", message(tlv(0xa7, "\x02\x05\x00\x80\x00\x00\x00", "\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"request-id padded", message(tlv(0xa7, "\x02\x02\x00\x05", "\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"request-id greatest", message(tlv(0xa7, "\x02\x04\x7f\xff\xff\xff", "\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")))), nil, nil},
		{"request-id empty", message(tlv(0xa7, "\x02\x00", "\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"request-id unsigned", edit("\x02\x01\x05", "\x42\x01\x05"), snmptraptest.RuleTag, snmptraptest.RuleTag},
		{"error-status", message(tlv(0xa7, "\x02\x01\x05\x02\x01\x01\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01")))), snmptraptest.RuleError, snmptraptest.RuleError},
		{"error-index", message(tlv(0xa7, "\x02\x01\x05\x02\x01\x00\x02\x01\x01", tlv(0x30, upTime(), trapOID("\x01")))), snmptraptest.RuleError, snmptraptest.RuleError},
		{"no objects", message(pdu(0xa7)), snmptraptest.RuleUpTime, snmptraptest.RuleUpTime},
		{"only sysUpTime", message(pdu(0xa7, upTime())), snmptraptest.RuleTrapOID, snmptraptest.RuleTrapOID},
		{"wrong order", message(pdu(0xa7, trapOID("\x01"), upTime())), snmptraptest.RuleUpTime, snmptraptest.RuleUpTime},
		{"sysUpTime as Gauge32", message(pdu(0xa7, bind(upTimeName, tlv(0x42, "\x01")), trapOID("\x01"))), snmptraptest.RuleUpTime, snmptraptest.RuleUpTime},
		{"sysUpTime without instance", message(pdu(0xa7, bind(upTimeName[:7], tlv(0x43, "\x01")), trapOID("\x01"))), snmptraptest.RuleUpTime, snmptraptest.RuleUpTime},
		{"sysUpTime negative", message(pdu(0xa7, bind(upTimeName, tlv(0x43, "\xff\xff\xff\xff")), trapOID("\x01"))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"sysUpTime greatest", message(pdu(0xa7, bind(upTimeName, tlv(0x43, "\x00\xff\xff\xff\xff")), trapOID("\x01"))), nil, nil},
		{"sysUpTime of 33 bits", message(pdu(0xa7, bind(upTimeName, tlv(0x43, "\x01\xff\xff\xff\xff")), trapOID("\x01"))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"sysUpTime padded", message(pdu(0xa7, bind(upTimeName, tlv(0x43, "\x00\x01")), trapOID("\x01"))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"snmpTrapOID as text", message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(0x04, "1.3.6.1.0.1")))), snmptraptest.RuleTrapOID, snmptraptest.RuleTrapOID},
		{"notification without the zero", message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(0x06, baseOctets, "\x01")))), snmptraptest.RuleNotification, nil},
		{"notification 0", message(pdu(0xa7, upTime(), trapOID("\x00"))), snmptraptest.RuleNotification, nil},
		{"notification 2^31-1", message(pdu(0xa7, upTime(), trapOID("\x87\xff\xff\xff\x7f"))), nil, nil},
		{"notification 2^31", message(pdu(0xa7, upTime(), trapOID("\x88\x80\x80\x80\x00"))), snmptraptest.RuleNotification, nil},
		{"notification of two arcs", message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(0x06, "\x01")))), snmptraptest.RuleNotification, nil},
		{"coldStart", message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(0x06, "\x2b\x06\x01\x06\x03\x01\x01\x05\x01")))), nil, nil},
		{"after egpNeighborLoss", message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(0x06, "\x2b\x06\x01\x06\x03\x01\x01\x05\x07")))), snmptraptest.RuleNotification, nil},
		{"sysUpTime twice", message(pdu(0xa7, upTime(), trapOID("\x01"), upTime())), snmptraptest.RuleDuplicate, snmptraptest.RuleDuplicate},
		{"snmpTrapCommunity", message(pdu(0xa7, upTime(), trapOID("\x01"), bind("\x2b\x06\x01\x06\x03\x12\x01\x04\x00", tlv(4, "hush")))), snmptraptest.RuleCommunity, nil},
		{"snmpTrapAddress", message(pdu(0xa7, upTime(), trapOID("\x01"), bind("\x2b\x06\x01\x06\x03\x12\x01\x03\x00", tlv(0x40, "\x0a\x01\x02\x03")))), nil, nil},
		{"128 sub-identifiers", with(tlv(6, "\x2b"+long)), nil, nil},
		{"129 sub-identifiers", with(tlv(6, "\x2b"+long+"\x01")), snmptraptest.RuleOID, snmptraptest.RuleOID},
		{"sub-identifier 2^32-1", with(tlv(6, "\x2b\x8f\xff\xff\xff\x7f")), nil, nil},
		{"sub-identifier 2^32", with(tlv(6, "\x2b\x90\x80\x80\x80\x00")), snmptraptest.RuleOID, snmptraptest.RuleOID},
		{"sub-identifier padded", with(tlv(6, "\x2b\x80\x01")), snmptraptest.RuleOID, snmptraptest.RuleOID},
		{"sub-identifier cut off", with(tlv(6, "\x2b\x81")), snmptraptest.RuleOID, snmptraptest.RuleOID},
		{"OID empty", with(tlv(6)), snmptraptest.RuleOID, snmptraptest.RuleOID},
		{"NULL", with(tlv(5)), snmptraptest.RuleType, snmptraptest.RuleType},
		{"noSuchObject", with(tlv(0x80)), snmptraptest.RuleType, snmptraptest.RuleType},
		{"Opaque", with(tlv(0x44, "\x04\x01x")), snmptraptest.RuleType, nil},
		{"IpAddress of 16 octets", with(tlv(0x40, strings.Repeat("\x01", 16))), snmptraptest.RuleAddress, snmptraptest.RuleAddress},
		{"Counter64 greatest", with(tlv(0x46, "\x00"+strings.Repeat("\xff", 8))), nil, nil},
		{"Counter64 of 9 octets", with(tlv(0x46, strings.Repeat("\x01", 9))), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"Counter32 empty", with(tlv(0x41)), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"INTEGER padded", with(tlv(2, "\xff\x80")), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"INTEGER of 5 octets", with(tlv(2, "\x01\x00\x00\x00\x00")), snmptraptest.RuleInteger, snmptraptest.RuleInteger},
		{"text constructed", with(tlv(0x24, tlv(4, "x"))), snmptraptest.RuleType, snmptraptest.RuleType},
		{"1472 octets", with(tlv(4, strings.Repeat("x", 1472-len(with(tlv(4, strings.Repeat("x", 1000))))+1000))), nil, nil},
		{"1473 octets", with(tlv(4, strings.Repeat("x", 1473-len(with(tlv(4, strings.Repeat("x", 1000))))+1000))), snmptraptest.RuleSize, snmptraptest.RuleSize},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, snmptraptest.Check(tt.datagram), tt.want)
			require.ErrorIs(t, snmptraptest.Rules{Lax: true}.Check(tt.datagram), tt.lax)
		})
	}
}

func TestCheckAlerts(t *testing.T) {
	t.Parallel()
	name := func(place string) string { return baseOctets + place + "\x00" }
	for _, tt := range []struct {
		name     string
		datagram []byte
		want     error
	}{
		{"firing", alertWith("\x01", "\x00", 0, ""), nil},
		{"resolved", alertWith("\x02", "\x00", 0, ""), nil},
		{"labelled", alertWith("\x01", "", 0, ""), nil},
		{"unknown notification", alertWith("\x04", "\x00", 0, ""), snmptraptest.RuleEnumeration},
		{"first missing", alertWith("\x01", "\x00", 1, ""), snmptraptest.RuleObjects},
		{"fifth missing", alertWith("\x01", "\x00", 5, ""), snmptraptest.RuleObjects},
		{"last missing", alertWith("\x01", "\x00", 10, ""), snmptraptest.RuleObjects},
		{"all missing", message(pdu(0xa7, upTime(), trapOID("\x01"))), snmptraptest.RuleObjects},
		{"wrong order", []byte(strings.NewReplacer(name("\x03"), name("\x04"), name("\x04"), name("\x03")).
			Replace(string(alertWith("\x01", "\x00", 0, "")))), snmptraptest.RuleObjects},
		{"another object first", alertWith("\x01", "\x00", 1, bind(name("\x0b"), tlv(4, "l"))), snmptraptest.RuleObjects},
		{"twice", alertWith("\x01", "\x00", 5, bind(name("\x04"), tlv(4, "l"))), snmptraptest.RuleDuplicate},
		{"instance missing", alertWith("\x01", "\x00", 5, bind(baseOctets+"\x05", tlv(4, "n"))), snmptraptest.RuleObjects},
		{"instance 1", alertWith("\x01", "\x00", 5, bind(baseOctets+"\x05\x01", tlv(4, "n"))), snmptraptest.RuleObjects},
		{"more objects", alertWith("\x01", "\x00", 10, bind(name("\x0a"), tlv(4, ""))+bind(name("\x0b"), tlv(2, "\x00"))), nil},
		{"object again without instance", alertWith("\x01", "\x00", 10, bind(name("\x0a"), tlv(4, ""))+bind(baseOctets+"\x0a", tlv(4, ""))), snmptraptest.RuleDuplicate},
		{"text as INTEGER", value(1, tlv(2, "\x00")), snmptraptest.RuleSyntax},
		{"status as text", value(6, tlv(4, "firing")), snmptraptest.RuleSyntax},
		{"severity as Gauge32", value(7, tlv(0x42, "\x03")), snmptraptest.RuleSyntax},
		{"text empty", value(3, tlv(4, "")), nil},
		{"text of 255", value(3, tlv(4, strings.Repeat("磁", 85))), nil},
		{"text of 256", value(3, tlv(4, strings.Repeat("x", 256))), snmptraptest.RuleTextSize},
		{"summary of 1024", value(10, tlv(4, strings.Repeat("x", 1024))), nil},
		{"summary of 1025", value(10, tlv(4, strings.Repeat("x", 1025))), snmptraptest.RuleTextSize},
		{"fingerprint of 64", value(9, tlv(4, strings.Repeat("x", 64))), nil},
		{"fingerprint of 65", value(9, tlv(4, strings.Repeat("x", 65))), snmptraptest.RuleTextSize},
		{"fingerprint empty", value(9, tlv(4, "")), snmptraptest.RuleTextSize},
		{"cut inside a character", value(10, tlv(4, "磁\xe7\x9b")), snmptraptest.RuleText},
		{"newline", value(5, tlv(4, "a\nb")), snmptraptest.RuleText},
		{"NUL", value(5, tlv(4, "\x00")), snmptraptest.RuleText},
		{"US", value(5, tlv(4, "\x1f")), snmptraptest.RuleText},
		{"DEL", value(5, tlv(4, "\x7f")), snmptraptest.RuleText},
		{"NEL", value(5, tlv(4, "\u0085")), snmptraptest.RuleText},
		{"APC", value(5, tlv(4, "\u009f")), snmptraptest.RuleText},
		{"NBSP", value(5, tlv(4, "\u00a0~ ")), nil},
		{"line separator", value(10, tlv(4, "\u2028")), snmptraptest.RuleText},
		{"paragraph separator", value(10, tlv(4, "\u2029")), snmptraptest.RuleText},
		{"label missing", alertWith("\x01", "", 4, bind(baseOctets+"\x04", tlv(4, "instancename:i"))), snmptraptest.RuleLabel},
		{"label missing first", alertWith("\x01", "", 1, bind(baseOctets+"\x01", tlv(4, "p"))), snmptraptest.RuleLabel},
		{"status of the other", value(6, tlv(2, "\x02")), snmptraptest.RuleEnumeration},
		{"severity 0", value(7, tlv(2, "\x00")), snmptraptest.RuleEnumeration},
		{"severity 7", value(7, tlv(2, "\x07")), nil},
		{"severity 8", value(7, tlv(2, "\x08")), snmptraptest.RuleEnumeration},
		{"cleared though firing", value(7, tlv(2, "\x01")), snmptraptest.RuleEnumeration},
		{"news", alertWith("\x03", "\x00", 7, bind(name("\x07"), tlv(2, "\x07"))), nil},
		{"critical news", alertWith("\x03", "\x00", 7, bind(name("\x07"), tlv(2, "\x03"))), snmptraptest.RuleEnumeration},
		{"critical though resolved", alertWith("\x02", "\x00", 7, bind(name("\x07"), tlv(2, "\x03"))), snmptraptest.RuleEnumeration},
		{"date without zone", value(8, tlv(4, date[:8])), nil},
		{"date of 9 octets", value(8, tlv(4, date[:9])), snmptraptest.RuleDate},
		{"date empty", value(8, tlv(4, "")), snmptraptest.RuleDate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, snmptraptest.Rules{Base: testBase}.Check(tt.datagram), tt.want)
			if tt.name != "twice" {
				require.NoError(t, snmptraptest.Rules{Base: testBase + ".0"}.Check(tt.datagram), "no alert of ours")
			}
		})
	}
}

func TestCheckDates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, date string
		good       bool
	}{
		{"leap second", "\x07\xea\x0c\x1f\x17\x3b\x3c\x09-\x0d\x3b", true},
		{"year 0", "\x00\x00\x01\x01\x00\x00\x00\x00+\x00\x00", true},
		{"29 February", "\x07\xe8\x02\x1d\x00\x00\x00\x00+\x00\x00", true},
		{"29 February 2000", "\x07\xd0\x02\x1d\x00\x00\x00\x00+\x00\x00", true},
		{"29 February 1900", "\x07\x6c\x02\x1d\x00\x00\x00\x00+\x00\x00", false},
		{"29 February 2026", "\x07\xea\x02\x1d\x00\x00\x00\x00+\x00\x00", false},
		{"31 November", "\x07\xea\x0b\x1f\x00\x00\x00\x00+\x00\x00", false},
		{"32 January", "\x07\xea\x01\x20\x00\x00\x00\x00+\x00\x00", false},
		{"month 0", "\x07\xea\x00\x01\x00\x00\x00\x00+\x00\x00", false},
		{"month 13", "\x07\xea\x0d\x01\x00\x00\x00\x00+\x00\x00", false},
		{"day 0", "\x07\xea\x01\x00\x00\x00\x00\x00+\x00\x00", false},
		{"hour 24", "\x07\xea\x01\x01\x18\x00\x00\x00+\x00\x00", false},
		{"minute 60", "\x07\xea\x01\x01\x00\x3c\x00\x00+\x00\x00", false},
		{"second 61", "\x07\xea\x01\x01\x00\x00\x3d\x00+\x00\x00", false},
		{"tenth 10", "\x07\xea\x01\x01\x00\x00\x00\x0a+\x00\x00", false},
		{"no sign", "\x07\xea\x01\x01\x00\x00\x00\x00 \x00\x00", false},
		{"14 hours", "\x07\xea\x01\x01\x00\x00\x00\x00+\x0e\x00", false},
		{"60 minutes", "\x07\xea\x01\x01\x00\x00\x00\x00+\x00\x3c", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := snmptraptest.Rules{Base: testBase}.Check(value(8, tlv(4, tt.date)))
			if tt.good {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, snmptraptest.RuleDate)
			}
		})
	}
}

func TestCheckLimits(t *testing.T) {
	t.Parallel()
	datagram := with(tlv(4, strings.Repeat("x", 2000)))
	require.ErrorIs(t, snmptraptest.Check(datagram), snmptraptest.RuleSize)
	require.NoError(t, snmptraptest.Rules{MaxSize: -1}.Check(datagram))
	require.NoError(t, snmptraptest.Rules{MaxSize: len(datagram)}.Check(datagram))
	require.ErrorIs(t, snmptraptest.Rules{MaxSize: len(datagram) - 1}.Check(datagram), snmptraptest.RuleSize)
}

func TestBadBase(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"c0mmunity", "1", "1..3", "1.-3", "1.4294967296"} {
		err := snmptraptest.Rules{Base: base}.Check(with(tlv(2, "\x00")))
		require.EqualError(t, err, "snmptraptest: the base is no OID")
	}
}

func TestViolationHidesCommunity(t *testing.T) {
	t.Parallel()
	const community = "correct-horse-battery"
	good := string(bytes.Replace(with(tlv(4, community)), []byte("\x04\x04hush"), []byte(tlv(4, community)), 1))
	good = good[:1] + string(rune(good[1]+byte(len(community)-4))) + good[2:]
	require.NoError(t, snmptraptest.Check([]byte(good)))
	for i := range good {
		for _, bad := range []string{good[:i], good[:i] + "\x80" + good[i+1:], good[:i] + "\x05" + good[i+1:]} {
			err := snmptraptest.Check([]byte(bad))
			if err == nil {
				continue // an octet of the community, or of the text
			}
			var v *snmptraptest.Violation
			require.ErrorAs(t, err, &v)
			require.Contains(t, err.Error(), string(v.Rule))
			dump := v.Dump
			leaktest.Check(t, []string{community}, err, *v)
			flat := strings.NewReplacer("\n", "", " ", "").Replace(dump)
			require.NotContains(t, flat, fmt.Sprintf("%x", community[:4]), "%d", i)
		}
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	err := snmptraptest.Check(message(pdu(0xa2, upTime())))
	var v *snmptraptest.Violation
	require.ErrorAs(t, err, &v)
	require.Equal(t, "0000  30 25 02 01 01 04 04 ** ** ** ** a2 1a 02 01 05\n"+
		"0010  02 01 00 02 01 00 30 0f 30 0d 06 08 2b 06 01 02\n"+
		"0020  01 01 03 00 43 01 01", v.Dump)
	require.Equal(t, 11, v.Offset)
	require.EqualError(t, err, "snmptraptest: octet 11: the PDU has the tag A2: "+string(snmptraptest.RulePDU))
	require.ErrorAs(t, snmptraptest.Check(make([]byte, 5000)), &v)
	require.True(t, strings.HasPrefix(v.Dump, "0000  00 00 ** **"), v.Dump)
	require.True(t, strings.HasSuffix(v.Dump, "\nand 2952 octets more"))
}
