package relaying

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// A prtgFilter is a filter as the page writes them: terms joined by OR, each of
// which looks for a text in the value of one OID.
type prtgFilter [][2]string

func readFilter(t *testing.T, mark string) (f prtgFilter) {
	t.Helper()
	for term := range strings.SplitSeq(strings.TrimSpace(recipe(t, prtgPage, mark)), " OR ") {
		m := regexp.MustCompile(`^bindings\[([\d.]+),"([^"]+)"\]$`).FindStringSubmatch(term)
		require.NotNil(t, m, "%s: %q", mark, term)
		f = append(f, [2]string{m[1], m[2]})
	}
	return f
}

func (f prtgFilter) matches(vars []gosnmp.SnmpPDU) bool {
	for _, v := range vars {
		text := fmt.Sprint(v.Value)
		if octets, ok := v.Value.([]byte); ok {
			text = string(octets)
		}
		for _, term := range f {
			if v.Name == "."+term[0] && strings.Contains(text, term[1]) {
				return true
			}
		}
	}
	return false
}

// The filters turn the sensor to warning, to error and back, as far as we know
// how PRTG reads them.
func TestPRTGFilters(t *testing.T) {
	t.Parallel()
	firing := func(severity alert.Severity, level string) alert.Alert {
		return alert.Alert{Severity: severity, Level: level, Name: "CRITICAL 3 4 6 level:CRITICAL level:WARN", Key: "3/4/6"}
	}
	resolved := firing(alert.Critical, "CRITICAL")
	resolved.Status = alert.Resolved
	news, trial := firing(alert.Critical, "CRITICAL"), firing(alert.Critical, "CRITICAL")
	news.Status, trial.Test = alert.News, true
	for _, filters := range []struct {
		name   string
		layout snmptrap.Layout
	}{{"full", snmptrap.Full}, {"seed", snmptrap.Seed}, {"word", snmptrap.Seed}} {
		warning, failure := readFilter(t, filters.name+" warning"), readFilter(t, filters.name+" error")
		for _, tt := range []struct {
			alert          alert.Alert
			warning, error bool
		}{
			{firing(alert.Warning, "WARN"), true, false},
			{firing(alert.Critical, "CRITICAL"), false, true},
			{firing(alert.Info, "INFO"), false, false},
			{resolved, false, false},
			{news, false, false},
			{trial, false, false},
		} {
			t.Run(fmt.Sprint(filters.name, " ", tt.alert.Status, " ", tt.alert.Severity, " ", tt.alert.Test), func(t *testing.T) {
				t.Parallel()
				e, err := snmptrap.NewEncoder("public", testOID, &snmptrap.Options{Layout: filters.layout})
				require.NoError(t, err)
				octets, err := e.AppendTrap(nil, tt.alert, 1, 1)
				require.NoError(t, err)
				p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
				require.NoError(t, err)
				require.Equal(t, tt.warning, warning.matches(p.Variables), "warning filter")
				require.Equal(t, tt.error, failure.matches(p.Variables), "error filter")
				require.True(t, readFilter(t, filters.layout.String()+" include").matches(p.Variables), "include filter")
			})
		}
	}
}
