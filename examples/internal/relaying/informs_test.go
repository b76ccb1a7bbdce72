package relaying

import (
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"
)

// acknowledging makes c acknowledge what it receives until the test is over.
func (c *console) acknowledging(t *testing.T, status gosnmp.SNMPError) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, from, err := c.conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:n])
			if err != nil || p.PDUType != gosnmp.InformRequest {
				t.Errorf("no inform: %v", err)
				return
			}
			p.PDUType, p.Error = gosnmp.GetResponse, status
			answer, err := p.MarshalMsg()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = c.conn.WriteToUDPAddrPort(answer, from)
		}
	}()
	t.Cleanup(func() {
		_ = c.conn.Close()
		<-done
	})
}

func TestSelfTestSaysWhoAcknowledged(t *testing.T) {
	t.Parallel()
	good, refuses, silent := newConsole(t), newConsole(t), newConsole(t)
	good.acknowledging(t, gosnmp.NoError)
	refuses.acknowledging(t, gosnmp.ResourceUnavailable)
	code, out := selfTestRun(t, append(good.settings(), "-trap-target", refuses.addr, "-trap-target", silent.addr, "-trap-inform")...)
	require.Equal(t, 1, code)
	require.Regexp(t, `ok      SNMP console at `+good.addr+`: acknowledged by `+good.addr+` after \S+, attempt 1\n`, out)
	require.Contains(t, out, "FAILED  SNMP console at "+refuses.addr+": snmptrap: inform: "+refuses.addr+
		": the receiver refused it with resourceUnavailable(13): sending it again later can help\n")
	require.Contains(t, out, "FAILED  SNMP console at "+silent.addr+": snmptrap: inform: "+silent.addr+": no answer to 2 attempts of 5s: ")
}

// One receiver that keeps silent holds up neither the callback nor the robots nor
// the other receivers, the log names it, and it is tried until it answers.
func TestCallbackWithASilentReceiver(t *testing.T) {
	t.Parallel()
	group, good, silent := newRobot(t, nil), newConsole(t), newConsole(t)
	good.acknowledging(t, gosnmp.NoError)
	p := launch(t, append(silent.settings(), "-trap-target", good.addr, "-trap-inform", "-wecom-url", group.url, "-callback-secret", testSecret)...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	require.Equal(t, "product:cfw", silent.next(t)["1"])
	require.NotEmpty(t, <-group.messages, "while the receiver has not answered")
	p.errout.Await(t, `level=WARN msg="message not accepted" route=snmp-`+silent.addr+
		` .*SNMP console at `+silent.addr+`: snmptrap: inform: `+silent.addr+`: no answer`)
	silent.acknowledging(t, gosnmp.NoError)
	p.errout.Await(t, `msg="message accepted" route=snmp-`+silent.addr)
	require.Empty(t, group.messages, "the group had it already")
	require.NotContains(t, p.printed(), "hush")
}

// A whole batch of informs that nobody answers takes less than a message may, so
// that its error names the receiver: after two the others are not sent.
func TestInformsFitTheMessage(t *testing.T) {
	t.Parallel()
	const unanswered = 2
	require.Less(t, unanswered*informTimeout, defaultLease/2)
}

func TestStandInAcknowledgesInforms(t *testing.T) {
	t.Parallel()
	p := launch(t, "-trap-inform", "-callback-secret", testSecret)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	p.out.Await(t, `SNMP console: one inform from 127\.0\.0\.1, \d+ bytes(?s:.*)tocsinAlertNews`)
}
