package printing

import (
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// The stand-in refuses what the real robot refuses.
func TestStandInRobotIsStrict(t *testing.T) {
	t.Parallel()
	out := clitest.NewTranscript()
	s, err := Start(t.Context(), NewPrinter(out), slog.New(slog.DiscardHandler), false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	group, other := s.WecomURL(), s.DingTalkURL()
	tests := []struct{ name, url, body, want string }{
		{"no JSON", group, "x", `"errcode":40008`},
		{"no type", group, `{}`, `"errcode":40008`},
		{"no content", group, `{"msgtype":"markdown"}`, `"errcode":44004`},
		{"too long", group, `{"msgtype":"markdown","markdown":{"content":"` + strings.Repeat("长", 1366) + `"}}`, `"errcode":40058`},
		{"markdown", group, `{"msgtype":"markdown","markdown":{"content":"here"}}`, `"errcode":0`},
		{"text", group, `{"msgtype":"text","text":{"content":"there","mentioned_list":["ann"]}}`, `"errcode":0`},
		{"DingTalk, no JSON", other, "x", `"errcode":40035`},
		{"DingTalk, other type", other, `{"msgtype":"text","text":{"content":"c"}}`, `"errcode":400105`},
		{"DingTalk, no title", other, `{"msgtype":"markdown","markdown":{"text":"c"}}`, `"errcode":400402`},
		{"DingTalk, no text", other, `{"msgtype":"markdown","markdown":{"title":"c"}}`, `"errcode":400403`},
		{"DingTalk, too long", other, `{"msgtype":"markdown","markdown":{"title":"c","text":"` + strings.Repeat("长", 6660) + `"}}`, `"errcode":460101`},
		{"DingTalk", other, `{"msgtype":"markdown","markdown":{"title":"one","text":"two"},"at":{"atMobiles":["13800000001"],"atUserIds":["ann"],"isAtAll":true}}`, `"errcode":0`},
	}
	web := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(web.CloseIdleConnections)
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader(tt.body))
		require.NoError(t, err)
		resp, err := web.Do(req)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Contains(t, string(answer), tt.want, tt.name)
	}
	require.Equal(t, 2, strings.Count(out.String(), "WeCom group: one message"))
	require.Contains(t, out.String(), "│ here\n")
	require.Contains(t, out.String(), "text, 5 bytes, mentions ann\n│ there\n")
	require.Equal(t, 1, strings.Count(out.String(), "DingTalk group: one message"))
	require.Contains(t, out.String(), "markdown, 132 bytes, mentions 13800000001 ann all\n│ title: one\n│ \n│ two\n")
}

// netSNMPTrap is a datagram that the program snmptrap sent.
const netSNMPTrap = "3081e902010104067075626c6963a781db02046d46461b020100020100"

func TestDecodeTrapRefusesGarbage(t *testing.T) {
	t.Parallel()
	cut, err := hex.DecodeString(netSNMPTrap)
	require.NoError(t, err)
	for _, datagram := range [][]byte{nil, {0}, []byte("hello"), cut} {
		_, err := readNotification(datagram)
		require.Error(t, err)
	}
}

func FuzzDecodeTrap(f *testing.F) {
	cut, err := hex.DecodeString(netSNMPTrap)
	require.NoError(f, err)
	f.Add(cut)
	f.Fuzz(func(t *testing.T, datagram []byte) { // must not panic
		p, err := readNotification(datagram)
		if err != nil {
			return
		}
		_ = describeNotification(p)
		answer, err := acknowledgement(datagram, p)
		if err == nil {
			require.Len(t, answer, len(datagram))
		}
	})
}

func TestStandInAnswersOnlyInforms(t *testing.T) {
	t.Parallel()
	out := clitest.NewTranscript()
	s, err := Start(t.Context(), NewPrinter(out), slog.New(slog.DiscardHandler), false)
	require.NoError(t, err)
	defer s.Close()
	conn, err := net.DialUDP("udp", nil, s.udp.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	defer conn.Close()
	exchange := func(kind gosnmp.PDUType, community string) *gosnmp.SnmpPacket {
		p := &gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: community, PDUType: kind, RequestID: 7, Variables: []gosnmp.SnmpPDU{
			{Name: sysUpTime, Type: gosnmp.TimeTicks, Value: uint32(1)},
			{Name: snmpTrapOID, Type: gosnmp.ObjectIdentifier, Value: "." + baseOID + ".0.1"},
		}}
		octets, err := p.MarshalMsg()
		require.NoError(t, err)
		_, err = conn.Write(octets)
		require.NoError(t, err)
		if kind != gosnmp.InformRequest || community == "" {
			return nil
		}
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(clitest.Patience)))
		answer := make([]byte, 1500)
		n, err := conn.Read(answer)
		require.NoError(t, err)
		got, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(answer[:n])
		require.NoError(t, err)
		return got
	}
	exchange(gosnmp.SNMPv2Trap, "c")
	exchange(gosnmp.GetRequest, "c")
	exchange(gosnmp.InformRequest, "")
	got := exchange(gosnmp.InformRequest, "c") // the first answer is to this one
	require.Equal(t, gosnmp.GetResponse, got.PDUType)
	require.EqualValues(t, 7, got.RequestID)
	require.Equal(t, "c", got.Community)
	require.Len(t, got.Variables, 2)
	out.Await(t, `(?s)one trap from.*no v2c trap or inform.*cannot answer.*one inform from`)
}
