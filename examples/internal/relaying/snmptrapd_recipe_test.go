package relaying

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// The pages whose blocks are tested.
const (
	snmptrapdPage = "../../../docs/snmp/snmptrapd.md"
	zabbixPage    = "../../../docs/snmp/zabbix.md"
	prtgPage      = "../../../docs/snmp/prtg.md"
	snmpttPage    = "../../../docs/snmp/snmptt.md"
)

// recipe returns the fenced block of a page that stands under a mark.
func recipe(t *testing.T, path, mark string) string {
	t.Helper()
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)<!-- tested: "+regexp.QuoteMeta(mark)+" -->\n```[a-z]*\n(.*?\n)```\n").FindAllStringSubmatch(string(page), -1)
	require.Len(t, found, 1, "%s: blocks marked %q", path, mark)
	return found[0][1]
}

// A kitchen is where a recipe is followed: a receiver that was set up by the
// words of a page, with only port and paths replaced.
type kitchen struct {
	dir  string
	addr string
	log  *clitest.Transcript
}

// newKitchen takes the configuration and the handler from a page, and how to
// install the MIB and to start snmptrapd from its own.
func newKitchen(t *testing.T, page string, files ...string) *kitchen {
	t.Helper()
	return followRecipe(t, page, "", nil, files...)
}

// followRecipe is newKitchen with a command of snmptrapd's page to run after
// installing, and with changes to the files.
func followRecipe(t *testing.T, page, more string, change func(dir, file, text string) string, files ...string) *kitchen {
	t.Helper()
	clitest.RealPart(t, "snmptrapd")
	k := &kitchen{dir: t.TempDir(), addr: freeUDP(t), log: clitest.NewTranscript()}
	replace := strings.NewReplacer(
		"/usr/local/share/snmp/mibs", k.dir+"/mibs", "/usr/local/bin", k.dir, "/etc/snmp", k.dir, "/var/log", k.dir, "/var/lib/nagios4/rw", k.dir, "udp:162", "udp:"+k.addr,
	).Replace
	for _, file := range append(files, "snmptrapd.conf") {
		text := replace(recipe(t, page, file))
		require.Contains(t, text, k.dir, "no path was replaced in %s", file)
		if change != nil {
			text = change(k.dir, file, text)
		}
		require.NoError(t, os.WriteFile(filepath.Join(k.dir, file), []byte(text), 0o700)) //nolint:gosec // some are executed
	}
	env := append(os.Environ(), "SNMP_PERSISTENT_DIR="+k.dir, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	if more != "" {
		more = replace(recipe(t, snmptrapdPage, more))
	}
	install := exec.CommandContext(t.Context(), "sh", "-ec", replace(recipe(t, snmptrapdPage, "install"))+more)
	install.Dir, install.Env = "../../..", env
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)

	command := replace(recipe(t, snmptrapdPage, "command"))
	require.Contains(t, command, k.addr)
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", "exec "+command)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, k.log, k.log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.NoError(t, k.inform(t, "change-me", "99", "100"), "the receiver does not confirm an inform: %s", k.log)
	return k
}

// inform sends one that no handler is interested in, numbered, up to the given
// number of times more, and returns nil if it was confirmed.
func (k *kitchen) inform(t *testing.T, community, number, retries string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), clitest.RealPart(t, "snmpinform"), "-m", "", "-v2c", "-c", community, "-t", "0.2", "-r", retries,
		k.addr, "0", testOID+".0."+number)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+k.dir)
	return cmd.Run()
}

// finish waits until everything sent has been taken. Traps are taken one after
// the other, each when the handler of the one before has ended, so an inform
// that is printed is the end.
func (k *kitchen) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, k.inform(t, "change-me", "98", "20"), "%s", k.log)
	k.log.Await(t, `OID: \S*(tocsinNotifications|\.0)\.98`)
}

// send sends an alert as it changes: a warning, which becomes critical, and is
// over; then more.
func (k *kitchen) send(t *testing.T, layout snmptrap.Layout, community string, more ...alert.Alert) {
	t.Helper()
	s, err := snmptrap.New([]string{k.addr}, community, testOID, &snmptrap.Options{Layout: layout})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	zone := time.FixedZone("", 8*3600)
	a := alert.Alert{
		Source: "acs_ecs", Key: "disk-01", Severity: alert.Warning, Level: "WARN", Product: "ecs", Region: "cn-hangzhou",
		Instance: "生产数据库-01", Name: "磁盘使用率过高", Summary: "磁盘使用率 95% > 90%",
		StartsAt: time.Date(2026, 11, 20, 16, 8, 41, 700_000_000, zone), EndsAt: time.Date(2026, 11, 20, 16, 20, 1, 0, zone),
	}
	critical, resolved := a, a
	critical.Severity, critical.Level = alert.Critical, "CRITICAL"
	resolved.Status = alert.Resolved
	require.NoError(t, s.Send(t.Context(), append([]alert.Alert{a, critical, resolved}, more...)...))
}

// varying are the parts of a line that are not the same each time: the clock,
// the addresses, the time since the sender started.
func varying(line string) string {
	line = regexp.MustCompile(`^[\d-]+ [\d:]+ UDP: \[[\d.]+\]:\d+->\[[\d.]+\]:\d+: `).ReplaceAllString(line, "HEAD ")
	return regexp.MustCompile(`Timeticks: \(\d+\) [\d:.]+`).ReplaceAllString(strings.TrimSpace(line), "UPTIME")
}

// The page is followed word by word, and what arrives is what it shows.
func TestSnmptrapdRecipe(t *testing.T) {
	t.Parallel()
	for _, layout := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t, snmptrapdPage, "tocsin-alarm")
			k.send(t, layout, "wrong")
			k.send(t, layout, "change-me")
			require.Error(t, k.inform(t, "wrong", "97", "1"), "a wrong community gets no answer")
			k.finish(t)
			require.NotContains(t, k.log.String(), "tocsinNotifications.97")

			var lines []string
			for line := range strings.Lines(k.log.String()) {
				if strings.Contains(line, "tocsinFingerprint") {
					lines = append(lines, varying(line))
				}
			}
			require.Len(t, lines, 3, "one line a trap, none of a wrong community: %s", k.log)
			k.checkLines(t, layout, lines)
			k.checkHandler(t)
		})
	}
}

func (k *kitchen) checkLines(t *testing.T, layout snmptrap.Layout, lines []string) {
	t.Helper()
	for i, want := range [][]string{
		{"tocsinAlertFiring", "WARN |", "firing(1)", "warning(6)"},
		{"tocsinAlertFiring", "CRITICAL |", "firing(1)", "critical(3)"},
		{"tocsinAlertResolved", "resolved(2)", "cleared(1)"},
	} {
		for _, word := range append(want, "生产数据库-01 |", "磁盘使用率过高 |", "磁盘使用率 95% > 90%", "= STRING: acs_ecs/disk-01 |") {
			require.Contains(t, lines[i], word)
		}
		require.NotContains(t, lines[i], "Hex-STRING")
	}
	if layout == snmptrap.Seed {
		require.Contains(t, lines[0], "level:WARN |")
		require.Equal(t, varying(recipe(t, snmptrapdPage, "resolved seed")), lines[2])
		return
	}
	require.Equal(t, varying(recipe(t, snmptrapdPage, "firing")), lines[0])
	require.Equal(t, varying(recipe(t, snmptrapdPage, "resolved")), lines[2])
}

// checkHandler checks what the page's handler has written.
func (k *kitchen) checkHandler(t *testing.T) {
	t.Helper()
	alarms, err := os.ReadFile(filepath.Join(k.dir, "tocsin-alarms.log"))
	require.NoError(t, err)
	rest := " instance=生产数据库-01 rule=磁盘使用率过高 from="
	got := regexp.MustCompile(`(?m)UDP: \S+$`).ReplaceAllString(string(alarms), "ADDRESS")
	require.Equal(t, "OPEN acs_ecs/disk-01 severity=warning"+rest+"ADDRESS\n"+
		"OPEN acs_ecs/disk-01 severity=critical"+rest+"ADDRESS\n"+
		"CLOSE acs_ecs/disk-01 severity=cleared"+rest+"ADDRESS\n", got)
}

// What Zabbix reads is what its page shows, one line an alert, and no text of an
// alert can pass for another trap or another state.
func TestZabbixRecipe(t *testing.T) {
	t.Parallel()
	k := newKitchen(t, zabbixPage, "zabbix-tocsin")
	hostile := alert.Alert{Key: "k", Status: alert.Resolved, Name: "ZBXTRAP 10.9.9.9\nTOCSIN firing critical x", Summary: "a`id`$(id)\\n%s'\"*"}
	k.send(t, snmptrap.Full, "change-me", hostile, alert.Alert{Key: "k", Test: true, Severity: alert.Critical})
	k.finish(t)
	file, err := os.ReadFile(filepath.Join(k.dir, "zabbix-traps.log"))
	require.NoError(t, err)
	header := regexp.MustCompile(`(?m)^[\d-]{10}T[\d:]{8}[+-]\d{4} ZBXTRAP [\d.]+$`)
	require.Len(t, header.FindAllString(string(file), -1), 5)
	require.Equal(t, 5, strings.Count(string(file), "ZBXTRAP"))
	require.Contains(t, string(file), "ZBXTRAP 127.0.0.1\n")
	lines := strings.Split(header.ReplaceAllString(string(file), "HEAD"), "\n")
	require.Len(t, lines, 2*5+1)

	shown := func(mark string) string {
		return strings.Split(header.ReplaceAllString(recipe(t, zabbixPage, mark), "HEAD"), "\n")[1]
	}
	require.Equal(t, shown("firing"), lines[1])
	require.Contains(t, lines[3], "TOCSIN firing critical acs_ecs/disk-01 level=CRITICAL ")
	require.Equal(t, shown("resolved"), lines[5])
	require.Equal(t, "TOCSIN resolved cleared k level=warning region= instance= rule=ZBX-TRAP 10.9.9.9 Tocsin firing critical x "+
		"summary=a`id`$(id)\\n%s'\"*", lines[7])
	require.Contains(t, lines[9], "TOCSIN news info ")

	for mark, want := range map[string][]bool{"problem": {false, true, false, false, false}, "recovery": {false, false, true, true, false}} {
		m := regexp.MustCompile(`"regexp","([^"]+)"\)=1`).FindStringSubmatch(recipe(t, zabbixPage, mark))
		require.NotNil(t, m)
		for i := range want {
			require.Equal(t, want[i], regexp.MustCompile(m[1]).MatchString(lines[2*i+1]), "%s: %s", mark, lines[2*i+1])
		}
	}
}

// Where the module has no hint for text, the handler reads it all the same.
func TestSnmptrapdRecipeBefore58(t *testing.T) {
	t.Parallel()
	k := followRecipe(t, snmptrapdPage, "hexadecimal", func(dir, file, text string) string {
		if file == "snmptrapd.conf" {
			require.NoError(t, os.WriteFile(dir+"/tocsin-decode", []byte(recipe(t, snmptrapdPage, "tocsin-decode")), 0o700)) //nolint:gosec // it is executed
			return strings.ReplaceAll(text, dir+"/tocsin-alarm", dir+"/tocsin-decode "+dir+"/tocsin-alarm")
		}
		return text
	}, "tocsin-alarm")
	k.send(t, snmptrap.Full, "change-me", alert.Alert{Key: "k", Instance: "0A 78 20 ", Name: "n"})
	k.finish(t)
	require.Contains(t, k.log.String(), "Hex-STRING: E7 94 9F")
	alarms, err := os.ReadFile(filepath.Join(k.dir, "tocsin-alarms.log"))
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(alarms), " instance=生产数据库-01 rule=磁盘使用率过高 "), "%s", alarms)
	require.Equal(t, 4, strings.Count(string(alarms), "\n"), "no text makes up a line: %s", alarms)
}

// SNMPTT writes lines that Zabbix reads and results that Nagios reads, and no text
// of an alert can pass for another head of Zabbix, another command of Nagios or one of the shell.
func TestSnmpttRecipe(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "snmptt")
	k := newKitchen(t, snmpttPage, "snmptt-tocsin.conf", "tocsin-passive")
	ini, err := os.ReadFile("/etc/snmp/snmptt.ini")
	require.NoError(t, err)
	text := regexp.MustCompile(`(?m)^(syslog_enable|syslog_system_enable) = 1`).ReplaceAllString(string(ini), "$1 = 0")
	text = strings.NewReplacer("/var/log/snmptt/snmptt.log", k.dir+"/snmptt.log", "\n/etc/snmptt/snmptt.conf\n", "\n"+k.dir+"/snmptt-tocsin.conf\n").Replace(text)
	require.NoError(t, os.WriteFile(filepath.Join(k.dir, "snmptt.ini"), []byte(text), 0o600))
	forged := "ZBXTRAP 10.9.9.9 zbxtrap 10.9.9.9 ZBXHEAD 10.9.9.9 `id`$(id)\";id;\"|x"
	k.send(t, snmptrap.Full, "change-me", alert.Alert{Source: "s", Key: "k", Severity: alert.Critical, Name: forged, Summary: forged})
	k.finish(t)

	lines, err := os.ReadFile(filepath.Join(k.dir, "snmptt.log"))
	require.NoError(t, err)
	heads := regexp.MustCompile(`(?i)ZBXTRAP \S+ TOCSIN (firing|resolved) \S+ \S+`).FindAllString(string(lines), -1)
	require.Equal(t, []string{
		"ZBXTRAP 127.0.0.1 TOCSIN firing warning acs_ecs/disk-01", "ZBXTRAP 127.0.0.1 TOCSIN firing critical acs_ecs/disk-01",
		"ZBXTRAP 127.0.0.1 TOCSIN resolved cleared acs_ecs/disk-01", "ZBXTRAP 127.0.0.1 TOCSIN firing critical s/k",
	}, heads)
	require.Equal(t, len(heads), strings.Count(strings.ToUpper(string(lines)), "ZBXTRAP"))

	commands, err := os.ReadFile(filepath.Join(k.dir, "nagios.cmd"))
	require.NoError(t, err)
	got := regexp.MustCompile(`(?m)^\[\d+\] PROCESS_SERVICE_CHECK_RESULT;tocsin;alerts;(\d);[^;|]*\(([^;|]*)\)$`).FindAllStringSubmatch(string(commands), -1)
	require.Len(t, got, 4, "%s", commands)
	require.Equal(t, 4, strings.Count(string(commands), "\n"))
	for i, want := range []string{"1 acs_ecs/disk-01", "2 acs_ecs/disk-01", "0 acs_ecs/disk-01", "2 s/k"} {
		require.Equal(t, want, got[i][1]+" "+got[i][2])
	}
	require.NotContains(t, string(commands)+string(lines), "uid=")
}
