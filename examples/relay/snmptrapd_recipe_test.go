package main

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
	"github.com/tocsin-go/tocsin/snmptrap"
)

const recipePage = "../../docs/snmp/snmptrapd.md"

// recipe returns the fenced block of the page that stands under a mark.
func recipe(t *testing.T, mark string) string {
	t.Helper()
	page, err := os.ReadFile(recipePage)
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)<!-- tested: "+regexp.QuoteMeta(mark)+" -->\n```[a-z]*\n(.*?\n)```\n").FindAllStringSubmatch(string(page), -1)
	require.Len(t, found, 1, "%s: blocks marked %q", recipePage, mark)
	return found[0][1]
}

// A kitchen is where a recipe is followed: a receiver that was set up by the
// page's own words, with only port and paths replaced.
type kitchen struct {
	dir  string
	addr string
	log  *transcript
}

func newKitchen(t *testing.T) *kitchen {
	t.Helper()
	realPart(t, "snmptrapd")
	k := &kitchen{dir: t.TempDir(), addr: freeUDP(t), log: newTranscript()}
	replace := func(text string) string {
		for _, path := range []string{
			"/usr/local/share/snmp/mibs", "/usr/local/bin/tocsin-alarm", "/etc/snmp/snmptrapd.conf", "/var/log/tocsin-alarms.log",
		} {
			text = strings.ReplaceAll(text, path, filepath.Join(k.dir, filepath.Base(path)))
		}
		return strings.ReplaceAll(text, "udp:162", "udp:"+k.addr)
	}
	for file, mode := range map[string]os.FileMode{"snmptrapd.conf": 0o600, "tocsin-alarm": 0o700} {
		text := replace(recipe(t, file))
		require.Contains(t, text, k.dir, "no path was replaced in %s", file)
		require.NoError(t, os.WriteFile(filepath.Join(k.dir, file), []byte(text), mode))
	}
	env := append(os.Environ(), "SNMP_PERSISTENT_DIR="+k.dir, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	install := exec.CommandContext(t.Context(), "sh", "-ec", replace(recipe(t, "install")))
	install.Dir, install.Env = "../..", env
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)

	command := replace(recipe(t, "command"))
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
	cmd := exec.CommandContext(t.Context(), realPart(t, "snmpinform"), "-m", "", "-v2c", "-c", community, "-t", "0.2", "-r", retries,
		k.addr, "0", testOID+".0."+number)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+k.dir)
	return cmd.Run()
}

// send sends an alert as it changes: a warning, which becomes critical, and is
// over.
func (k *kitchen) send(t *testing.T, layout snmptrap.Layout, community string) {
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
	require.NoError(t, s.Send(t.Context(), a, critical, resolved))
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
			k := newKitchen(t)
			k.send(t, layout, "wrong")
			k.send(t, layout, "change-me")
			// Traps are taken one after the other, each when the handler of
			// the one before has ended: an inform that is printed is the end.
			require.Error(t, k.inform(t, "wrong", "97", "1"), "a wrong community gets no answer")
			require.NoError(t, k.inform(t, "change-me", "98", "20"), "%s", k.log)
			k.log.await(t, `OID: tocsinNotifications\.98`)
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
		require.Equal(t, varying(recipe(t, "resolved seed")), lines[2])
		return
	}
	require.Equal(t, varying(recipe(t, "firing")), lines[0])
	require.Equal(t, varying(recipe(t, "resolved")), lines[2])
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
