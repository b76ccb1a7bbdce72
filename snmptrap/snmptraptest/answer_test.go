package snmptraptest_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// receive returns the next answer.
func receive(tb testing.TB, conn net.Conn) []byte {
	tb.Helper()
	buf := make([]byte, 1<<16)
	require.NoError(tb, conn.SetReadDeadline(time.Now().Add(time.Minute)), "rather than hang")
	n, err := conn.Read(buf)
	require.NoError(tb, err)
	return buf[:n]
}

// parse reads an answer with gosnmp.
func parse(tb testing.TB, octets []byte) *gosnmp.SnmpPacket {
	tb.Helper()
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
	require.NoError(tb, err)
	return p
}

func TestAcknowledgementEqualsSnmptrapd(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	conn := dial(t, l.Addr())
	write(t, conn, fixture(t, "netsnmp-inform.hex"))
	require.Equal(t, fixture(t, "netsnmp-inform-response.hex"), receive(t, conn))

	for _, size := range []int{0, 100, 127, 128, 200, 255, 256, 300, 1000} {
		inform := message(pdu(0xa6, upTime(), trapOID("\x01"), bind(baseOctets+"\x63\x00", tlv(4, strings.Repeat("x", size)))))
		l.Answer(snmptraptest.Acknowledge())
		write(t, conn, inform)
		want := slices.Clone(inform)
		want[slices.Index(want, 0xa6)] = 0xa2
		require.Equal(t, want, receive(t, conn), size)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answer  snmptraptest.Answer
		status  gosnmp.SNMPError
		id      uint32
		pdu     gosnmp.PDUType
		objects int
		word    string
	}{
		{"acknowledge", snmptraptest.Acknowledge(), 0, 5, gosnmp.GetResponse, 2, "hush"},
		{"tooBig", snmptraptest.Refuse(1), gosnmp.TooBig, 5, gosnmp.GetResponse, 0, "hush"},
		{"genErr", snmptraptest.Refuse(5), gosnmp.GenErr, 5, gosnmp.GetResponse, 2, "hush"},
		{"wrong id", snmptraptest.WrongID(), 0, 6, gosnmp.GetResponse, 2, "hush"},
		{"report", snmptraptest.WrongType(0xa8), 0, 5, gosnmp.Report, 2, "hush"},
		{"wrong community", snmptraptest.WrongCommunity(), 0, 5, gosnmp.GetResponse, 2, "hushx"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := snmptraptest.NewListener(t)
			l.Answer(tt.answer)
			conn := dial(t, l.Addr())
			inform := message(pdu(0xa6, upTime(), trapOID("\x01")))
			write(t, conn, inform)
			p := parse(t, receive(t, conn))
			require.Equal(t, tt.status, p.Error)
			require.Zero(t, p.ErrorIndex)
			require.Equal(t, tt.id, p.RequestID)
			require.Equal(t, tt.pdu, p.PDUType)
			require.Len(t, p.Variables, tt.objects)
			require.Equal(t, tt.word, p.Community)

			write(t, conn, inform)
			require.Equal(t, gosnmp.NoError, parse(t, receive(t, conn)).Error, "the script is over")
			require.Len(t, l.Traps(), 2, "recorded whatever the answer")
		})
	}
}

func TestWrongIDIsEncodedShort(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	l.AnswerAlways(snmptraptest.WrongID())
	conn := dial(t, l.Addr())
	for id, want := range map[string]string{
		"\x02\x01\x7f": "\x02\x02\x00\x80", "\x02\x02\x00\xff": "\x02\x02\x01\x00", "\x02\x04\x7f\xff\xff\xff": "\x02\x04\x80\x00\x00\x00",
	} {
		rest := "\x02\x01\x00\x02\x01\x00" + tlv(0x30, upTime(), trapOID("\x01"))
		write(t, conn, message(tlv(0xa6, id, rest)))
		require.Equal(t, message(tlv(0xa2, want, rest)), receive(t, conn))
	}
}

func TestSilenceTwiceAndGarbage(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	conn := dial(t, l.Addr())
	inform := func(id string) []byte {
		return message(tlv(0xa6, tlv(2, id), "\x02\x01\x00\x02\x01\x00", tlv(0x30, upTime(), trapOID("\x01"))))
	}
	octets := []byte("garbage")
	l.Answer(snmptraptest.Silence(), snmptraptest.Silence(), snmptraptest.Twice(), snmptraptest.Garbage(octets))
	octets[0] = 'G'
	write(t, conn, inform("\x01"), inform("\x02"), inform("\x03"), inform("\x04"), inform("\x05"))
	require.Equal(t, uint32(3), parse(t, receive(t, conn)).RequestID)
	require.Equal(t, uint32(3), parse(t, receive(t, conn)).RequestID)
	require.Equal(t, "garbage", string(receive(t, conn)))
	require.Equal(t, uint32(5), parse(t, receive(t, conn)).RequestID)

	l.AnswerAlways(snmptraptest.Silence())
	l.Answer(snmptraptest.Refuse(5))
	write(t, conn, fixture(t, "netsnmp-trap.hex"), inform("\x06"), inform("\x07"))
	refusal := parse(t, receive(t, conn))
	require.Equal(t, gosnmp.GenErr, refusal.Error)
	require.Equal(t, uint32(6), refusal.RequestID, "a trap is not answered")
	require.Len(t, l.Traps(), 8)
	l.AnswerAlways(snmptraptest.Acknowledge())
	write(t, conn, inform("\x08"))
	require.Equal(t, uint32(8), parse(t, receive(t, conn)).RequestID)
}

func TestLateAnswers(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	conn := dial(t, l.Addr())
	release, never := make(chan struct{}), make(chan struct{})
	l.Answer(snmptraptest.After(release, snmptraptest.Refuse(5)), snmptraptest.After(never, snmptraptest.Acknowledge()))
	write(t, conn, message(pdu(0xa6, upTime(), trapOID("\x01"))), message(pdu(0xa6, upTime(), trapOID("\x02"))), fixture(t, "netsnmp-inform.hex"))
	require.Equal(t, uint32(20448367), parse(t, receive(t, conn)).RequestID)
	l.Stop()
	l.Start()
	close(release)
	late := parse(t, receive(t, conn))
	require.Equal(t, gosnmp.GenErr, late.Error)
	require.Equal(t, "."+testBase+".0.1", late.Variables[1].Value, "the octets are its own")
}

func TestIllegalInformsAreNotAnswered(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Collect: true})
	l.Answer(snmptraptest.Refuse(5))
	conn := dial(t, l.Addr())
	write(t, conn, message(pdu(0xa6, upTime())), fixture(t, "netsnmp-inform.hex"))
	p := parse(t, receive(t, conn))
	require.Equal(t, uint32(20448367), p.RequestID)
	require.Equal(t, gosnmp.GenErr, p.Error, "what is illegal takes no answer off the script")
	require.Len(t, l.Violations(), 1)
}

// gosnmp's sender, which many programs use, is content with the answers.
func TestGosnmpInform(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	source := l.Addr()
	host, port, err := net.SplitHostPort(source)
	require.NoError(t, err)
	number, err := net.DefaultResolver.LookupPort(t.Context(), "udp", port)
	require.NoError(t, err)
	client := &gosnmp.GoSNMP{
		Target: host, Port: uint16(number), Version: gosnmp.Version2c, Community: "public", Timeout: 10e9, MaxOids: 60,
		Context: t.Context(),
	}
	require.NoError(t, client.Connect())
	defer client.Close()
	result, err := client.SendTrap(gosnmp.SnmpTrap{IsInform: true, Variables: []gosnmp.SnmpPDU{
		{Name: ".1.3.6.1.2.1.1.3.0", Type: gosnmp.TimeTicks, Value: uint32(7)},
		{Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: "." + testBase + ".0.1"},
	}})
	require.NoError(t, err)
	require.Equal(t, gosnmp.GetResponse, result.PDUType)
	require.Equal(t, gosnmp.NoError, result.Error)
	require.Equal(t, uint32(7), l.Traps()[0].UpTime)
}
