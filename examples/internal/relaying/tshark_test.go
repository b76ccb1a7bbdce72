package relaying

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// A pcap is a capture file in the making.
type pcap struct{ bytes.Buffer }

// newPcap starts one in the format that begins with a fixed header: version
// 2.4, packets of up to 64 KiB, link type 101, which is bare IP.
func newPcap() *pcap {
	p := &pcap{}
	for _, v := range []any{uint32(0xa1b2c3d4), uint16(2), uint16(4), int32(0), uint32(0), uint32(65535), uint32(101)} {
		_ = binary.Write(p, binary.LittleEndian, v)
	}
	return p
}

// add appends a datagram to port 162, behind headers of IPv4 and UDP. Its
// checksum of zero means that there is none.
func (p *pcap) add(payload []byte) {
	total := 20 + 8 + len(payload)
	packet := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(total))
	packet = append(packet, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 1, 2, 3, 10, 1, 2, 9)
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	binary.BigEndian.PutUint16(packet[10:], ^uint16(sum+sum>>16))
	for _, v := range []uint16{40000, 162, uint16(8 + len(payload)), 0} {
		packet = binary.BigEndian.AppendUint16(packet, v)
	}
	for _, v := range []uint32{1795162121, 0, uint32(total), uint32(total)} { // seconds, microseconds, sizes
		_ = binary.Write(p, binary.LittleEndian, v)
	}
	p.Write(append(packet, payload...))
}

// A dissected is what tshark says of one packet.
type dissected struct {
	Layers struct {
		PDU    []string `json:"snmp.data"` // the number of the PDU's alternative
		Names  []string `json:"snmp.name"`
		Expert []string `json:"_ws.expert.message"`
		Broken []string `json:"_ws.malformed"`
	} `json:"layers"`
}

// dissect has tshark read the file. It asks for no names of OIDs, so that it
// needs no MIB.
func (p *pcap) dissect(t *testing.T) (packets []dissected) {
	t.Helper()
	tshark := clitest.RealPart(t, "tshark")
	file := filepath.Join(t.TempDir(), "traps.pcap")
	require.NoError(t, os.WriteFile(file, p.Bytes(), 0o600))
	cmd := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-T", "json",
		"-e", "snmp.data", "-e", "snmp.name", "-e", "_ws.expert.message", "-e", "_ws.malformed")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &complaints)
	var raw []struct {
		Source dissected `json:"_source"`
	}
	require.NoError(t, json.Unmarshal(out, &raw))
	for _, r := range raw {
		packets = append(packets, r.Source)
	}
	return packets
}

// snmpV2Trap is the number of the alternative in the PDUs of RFC 3416.
const snmpV2Trap = "7"

// fault says what is wrong with a packet that must be a trap of an alert.
func (d *dissected) fault() string {
	switch {
	case len(d.Layers.Broken) > 0:
		return "malformed"
	case len(d.Layers.Expert) > 0:
		return "expert: " + strings.Join(d.Layers.Expert, "; ")
	case len(d.Layers.PDU) != 1 || d.Layers.PDU[0] != snmpV2Trap:
		return fmt.Sprintf("no snmpV2-trap: %v", d.Layers.PDU)
	case len(d.Layers.Names) != 12:
		return fmt.Sprintf("%d variable bindings", len(d.Layers.Names))
	}
	return ""
}

// hostileTexts are what a text may hold: nothing, every length around the
// limits of BER and of the objects, and octets that mean something to somebody.
func hostileTexts() (texts []string) {
	for _, n := range []int{0, 1, 126, 127, 128, 129, 254, 255, 256, 257, 1023, 1024, 1025, 5000, 65536} {
		texts = append(texts, strings.Repeat("x", n), strings.Repeat("磁", n))
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return append(texts, string(all), "a\r\nb\x00c", "\xff\xfe", "\u2028\u0085", "\x30\x82\xff\xff\xa7\x80", "%s%n%x", "𝄞🚨")
}

// wild returns alerts with each of the hostile texts in every field, at the
// edges of status, severity and time.
func wild() (alerts []alert.Alert) {
	times := []time.Time{{}, time.Unix(-1<<40, 0), time.Unix(1<<40, 999_999_999), time.Unix(0, 0).In(time.FixedZone("", -12*3600))}
	for i, text := range hostileTexts() {
		a := alert.Alert{Status: alert.Status(i % 4), Severity: alert.Severity(i%9 - 4), StartsAt: times[i%len(times)], EndsAt: times[i%len(times)]}
		alerts = append(alerts,
			alert.Alert{Source: text, Key: text, Status: a.Status, Severity: a.Severity},
			alert.Alert{Product: text, Level: text, Region: text, Instance: text, Name: text, Summary: text, StartsAt: a.StartsAt},
			alert.Alert{Summary: text, Key: "k", Severity: a.Severity, EndsAt: a.EndsAt, Status: alert.Resolved})
	}
	return alerts
}

// A third decoder, which shares no code with net-snmp or gosnmp, finds nothing
// wrong with any trap, however hostile the alert.
func TestTsharkDecodesTraps(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "tshark")
	file, octets := newPcap(), [][]byte(nil)
	for _, layout := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		for _, size := range []int{484, 0, 60000} {
			for _, community := range []string{"public", strings.Repeat("c", 128)} {
				e, err := snmptrap.NewEncoder(community, testOID, &snmptrap.Options{Layout: layout, MaxSize: size})
				if size == 484 && err != nil {
					continue // the long community leaves too little room
				}
				require.NoError(t, err)
				for i, a := range wild() {
					trap, err := e.AppendTrap(nil, a, int32(i)<<23|1, uint32(i)*40_000_000)
					require.NoError(t, err)
					octets = append(octets, trap)
					file.add(trap)
				}
			}
		}
	}
	packets := file.dissect(t)
	require.Len(t, packets, len(octets))
	for i, p := range packets {
		require.Empty(t, p.fault(), "packet %d: %x", i+1, octets[i])
	}
	t.Logf("%d traps", len(packets))
}

// The negative control: tshark does speak up, and the test hears it.
func TestTsharkReportsDamage(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "tshark")
	e, err := snmptrap.NewEncoder("public", testOID, nil)
	require.NoError(t, err)
	trap, err := e.AppendTrap(nil, alert.Alert{Name: "磁盘使用率过高", StartsAt: time.Unix(1795162121, 0)}, 1, 1)
	require.NoError(t, err)
	replace := func(old, with string) []byte {
		require.Equal(t, 1, bytes.Count(trap, []byte(old)))
		return bytes.Replace(trap, []byte(old), []byte(with), 1)
	}
	bare := ownTrap(t, snmptrap.Trap{OID: snmptrap.MustOID(testOID)})
	for _, tt := range []struct {
		name, want string
		payload    []byte
	}{
		{"the last octet is missing", "no snmpV2-trap", trap[:len(trap)-1]},
		{"half of it is missing", "no snmpV2-trap", trap[:len(trap)/2]},
		{"a value longer than its message", "malformed", replace("\x04\x0b\x07\xea", "\x04\x7f\x07\xea")},
		{"an INTEGER of no octets", "expert", replace("\x02\x01\x06", "\x02\x00\x06")},
		{"an inform", "no snmpV2-trap: [6]", replace("public\xa7", "public\xa6")},
		{"too few variable bindings", "2 variable bindings", bare},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := newPcap()
			file.add(trap)
			file.add(tt.payload)
			packets := file.dissect(t)
			require.Len(t, packets, 2)
			require.Empty(t, packets[0].fault())
			require.Contains(t, packets[1].fault(), tt.want)
		})
	}
}

// ownTrap returns what a Sender sends for a notification of one's own.
func ownTrap(t *testing.T, trap snmptrap.Trap) []byte {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer conn.Close()
	s := newTrapSender(t, conn.LocalAddr().String(), nil)
	require.NoError(t, s.SendTrap(t.Context(), trap))
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	require.NoError(t, err)
	return buf[:n]
}
