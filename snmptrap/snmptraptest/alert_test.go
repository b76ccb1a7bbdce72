package snmptraptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

func TestAlert(t *testing.T) {
	t.Parallel()
	want := snmptraptest.Alert{
		Product: "ecs", Level: "WARN", Region: "cn-hangzhou", Instance: "生产数据库-01", Name: "磁盘使用率过高",
		Status: 1, StatusWord: "firing", Severity: 6, SeverityWord: "warning",
		Fingerprint: "9f86d081884c7d65", Summary: "磁盘使用率 95% > 90%",
	}
	at := time.Date(2026, 11, 20, 16, 8, 41, 700_000_000, time.FixedZone("", 8*3600))
	over := want
	over.Status, over.StatusWord, over.Severity, over.SeverityWord = 2, "resolved", 1, "cleared"
	for file, want := range map[string]snmptraptest.Alert{"draft-mib-firing.hex": want, "draft-mib-resolved.hex": over} {
		trap, err := snmptraptest.Rules{}.Parse(fixture(t, file))
		require.NoError(t, err)
		a, err := trap.Alert("." + testBase)
		require.NoError(t, err)
		require.True(t, a.Time.Equal(at))
		_, offset := a.Time.Zone()
		require.Equal(t, 8*3600, offset)
		a.Time = time.Time{}
		require.Equal(t, want, a)
	}
}

func TestLabelledAlert(t *testing.T) {
	t.Parallel()
	trap, err := snmptraptest.Rules{Base: testBase}.Parse(alertWith("\x01", "", 8, bind(baseOctets+"\x08", tlv(4, "\x07\xea\x0b\x14\x10\x08\x29\x07-\x03\x1e"))))
	require.NoError(t, err)
	a, err := trap.Alert(testBase)
	require.NoError(t, err)
	require.Equal(t, "2026-11-20T16:08:41.7-03:30", a.Time.Format(time.RFC3339Nano))
	a.Time = time.Time{}
	require.Equal(t, snmptraptest.Alert{
		Product: "p", Level: "l", Region: "r", Instance: "i", Name: "n", Status: 1, StatusWord: "firing",
		Severity: 3, SeverityWord: "critical", Fingerprint: "key", Summary: "summary", Labelled: true,
	}, a)
}

func TestAlertWithoutZone(t *testing.T) {
	t.Parallel()
	trap, err := snmptraptest.Rules{Base: testBase}.Parse(value(8, tlv(4, date[:8])))
	require.NoError(t, err)
	a, err := trap.Alert(testBase)
	require.NoError(t, err)
	require.Equal(t, "2026-11-20T16:08:41.7Z", a.Time.Format(time.RFC3339Nano))
}

func TestNoAlert(t *testing.T) {
	t.Parallel()
	trap, err := snmptraptest.Rules{}.Parse(alertWith("\x01", "\x00", 10, ""))
	require.NoError(t, err, "no rules of alerts")
	_, err = trap.Alert(testBase)
	require.ErrorIs(t, err, snmptraptest.RuleObjects)
	for _, base := range []string{seedBase, testBase + ".0", "c0mmunity", ""} {
		_, err = trap.Alert(base)
		require.ErrorContains(t, err, "base", base)
		require.NotContains(t, err.Error(), "c0mmunity")
	}
	trap, err = snmptraptest.Rules{}.Parse(message(pdu(0xa7, upTime(), bind(trapOIDName, tlv(6, baseOctets+"\x00\x01\x00\x01")),
		strings.Join([]string{bind(baseOctets+"\x01\x00", tlv(4, "p"))}, ""))))
	require.NoError(t, err)
	_, err = trap.Alert(testBase)
	require.ErrorContains(t, err, "is no alert under the base", "deeper than the base's own")
	notification := bind(trapOIDName, tlv(6, baseOctets+"\x05\x01"))
	require.NoError(t, snmptraptest.Rules{Base: testBase, Lax: true}.Check(message(pdu(0xa7, upTime(), notification))),
		"other notifications under the base are none of alerts")
	_, err = snmptraptest.Trap{}.Alert(testBase)
	require.Error(t, err)
}

func TestTypeNames(t *testing.T) {
	t.Parallel()
	for tag, want := range map[snmptraptest.Type]string{
		snmptraptest.Integer: "INTEGER", snmptraptest.OctetString: "OCTET STRING", snmptraptest.ObjectID: "OBJECT IDENTIFIER",
		snmptraptest.IPAddress: "IpAddress", snmptraptest.Counter32: "Counter32", snmptraptest.Gauge32: "Gauge32",
		snmptraptest.TimeTicks: "TimeTicks", snmptraptest.Opaque: "Opaque", snmptraptest.Counter64: "Counter64", 5: "Type(0x05)",
	} {
		require.Equal(t, want, tag.String())
	}
}
