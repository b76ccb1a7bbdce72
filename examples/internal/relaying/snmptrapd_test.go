package relaying

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// startSnmptrapd runs the real receiver with the shipped MIB and returns
// its address and what it prints.
func startSnmptrapd(t *testing.T) (addr string, log *clitest.Transcript) {
	t.Helper()
	addr = freeUDP(t)
	log, _ = startSnmptrapdAt(t, addr)
	return addr, log
}

// startSnmptrapdAt runs it at an address, with lines of configuration. The
// function kill ends it without warning.
func startSnmptrapdAt(t *testing.T, addr string, lines ...string) (log *clitest.Transcript, kill func()) {
	t.Helper()
	snmptrapd, snmpinform := clitest.RealPart(t, "snmptrapd"), clitest.RealPart(t, "snmpinform")
	dir := t.TempDir()
	conf := filepath.Join(dir, "snmptrapd.conf")
	require.NoError(t, os.WriteFile(conf, []byte("disableAuthorization yes\n"+strings.Join(lines, "\n")+"\n"), 0o600))
	mibs := mibDirs(t)
	log = clitest.NewTranscript()
	cmd := exec.CommandContext(t.Context(), snmptrapd, "-f", "-Lo", "-n", "-C", "-c", conf,
		"-M", mibs, "-m", "TOCSIN-ALERT-MIB", "udp:"+addr)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	// An acknowledged inform proves that it listens; snmpinform repeats it
	// until then.
	inform := exec.CommandContext(t.Context(), snmpinform, "-M", mibs, "-m", "", "-v2c", "-c", "ready", "-t", "0.2", "-r", "100",
		addr, "0", testOID+".0.99")
	inform.Env = cmd.Env
	out, err := inform.CombinedOutput()
	require.NoError(t, err, "%s%s", out, log)
	return log, kill
}

// mibDirs returns where our module and the base modules of the tests are, as a
// list for -M: Debian ships no base modules.
func mibDirs(t *testing.T) string {
	t.Helper()
	ours, err := filepath.Abs("../../../snmptrap/mibs")
	require.NoError(t, err)
	base, err := filepath.Abs("../../relay/testdata/mibs")
	require.NoError(t, err)
	return ours + ":" + base
}

// freeUDP returns a loopback address that nobody uses at the moment.
func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer c.Close()
	return c.LocalAddr().String()
}

// curl posts a file as anybody would do by hand.
func curl(t *testing.T, url, file string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), clitest.RealPart(t, "curl"), "--noproxy", "*", "-sS", "--fail-with-body",
		"--data-binary", "@"+file, url).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// The whole way with real parts: curl posts what Alibaba Cloud sent, the relay
// runs as a process of its own, and net-snmp prints the trap.
func TestRealSnmptrapd(t *testing.T) {
	t.Parallel()
	object := func(name, value string) string { return fmt.Sprintf("TOCSIN-ALERT-MIB::%s = %s", name, value) }
	tests := []struct {
		name, layout, body string
		notification       string
		want               []string
	}{
		{
			"captured event labelled", "seed", "../../relay/testdata/event-2020-cfw-dryrun.json", "tocsinAlertNews",
			[]string{
				object("tocsinProduct", "STRING: product:cfw"), object("tocsinLevel", "STRING: level:TEST"),
				object("tocsinRegionId", "STRING: regionId:cn-hangzhou"), object("tocsinInstanceName", "STRING: instanceName:instanceName"),
				object("tocsinName", "STRING: name:[Test] InternetBandwidthThresholdExceeded"),
			},
		},
		{
			"Chinese full", "full", "../../relay/testdata/threshold-2023-apigateway-alert.form", "tocsinAlertFiring",
			[]string{"STRING: API网关_返回码5XX个数", "INTEGER: firing(1)"},
		},
		{
			"Chinese resolved", "seed", "../../relay/testdata/threshold-2019-sitemonitor-ok.form", "tocsinAlertResolved",
			[]string{"STRING: name:test-独立报警状态码", "STRING: level:OK", "INTEGER: resolved(2)", "INTEGER: cleared(1)"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, log := startSnmptrapd(t)
			group := newRobot(t, nil)
			p, _ := process(t, []string{"TOCSIN_WECOM_URL=" + group.url, "TOCSIN_CALLBACK_SECRET=" + testSecret},
				"-listen", "127.0.0.1:0", "-trap-target", addr, "-trap-community", testCommunity,
				"-trap-base-oid", testOID, "-trap-layout", tt.layout)
			p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
			curl(t, "http://"+p.addr+"/aliyun/"+testSecret, tt.body)
			line := log.Await(t, `(?m)^.*TOCSIN-ALERT-MIB::`+tt.notification+`\s.*$`)
			for _, want := range tt.want {
				require.Contains(t, line, want)
			}
			require.NotEmpty(t, <-group.messages)
			require.Equal(t, 0, p.stop(t))
			require.NotContains(t, p.printed(), "hush")
		})
	}
}
