package aliyun_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// A row is a system event of the vendor's tables, and what it means.
type row struct{ product, name, state, level, verdict string }

// rows reads a table from testdata.
func rows(tb testing.TB, file string) []row {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(tb, err)
	var list []row
	for line := range strings.Lines(string(text)) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		require.Len(tb, c, 5, line)
		list = append(list, row{c[0], c[1], c[2], c[3], c[4]})
	}
	require.Equal(tb, row{"product", "name", "status", "level", "verdict"}, list[0])
	return list[1:]
}

// eventOf returns the alert of an event with these fields, about one resource.
func eventOf(tb testing.TB, fields map[string]any) alert.Alert {
	tb.Helper()
	all := map[string]any{
		"resourceId": "acs:x:cn-hangzhou:1:instance/i-1", "level": "WARN", "id": "1", "eventTime": "20250822T093000.000+0800",
	}
	maps.Copy(all, fields)
	body, err := json.Marshal(all)
	require.NoError(tb, err)
	return alertOf(tb, string(body))
}

// TestEventTables: every row of the vendor's tables, with the product as the
// tables print it, as callbacks spell products, and with the state where
// subscriptions have it.
func TestEventTables(t *testing.T) {
	t.Parallel()
	want := map[string]alert.Status{"begin": alert.Firing, "over": alert.Resolved, "news": alert.News}
	for _, file := range []string{"system-events.tsv", "system-events-more.tsv"} {
		for _, r := range rows(t, file) {
			t.Run(r.product+"/"+r.name+"/"+r.state, func(t *testing.T) {
				t.Parallel()
				for _, product := range []string{r.product, "ecs", "Unknown"} {
					a := eventOf(t, map[string]any{"product": product, "name": r.name, "status": r.state, "level": strings.ToUpper(r.level)})
					require.Contains(t, want, r.verdict)
					require.Equal(t, want[r.verdict], a.Status, product)
					require.Equal(t, strings.ToUpper(r.level), a.Level)
					severity, _ := alert.ParseSeverity(r.level)
					require.Equal(t, severity, a.Severity)
				}
				if part := r.name[strings.LastIndexByte(r.name, ':')+1:]; part == r.state && strings.Count(r.name, ":") == 2 {
					for _, status := range []string{"", "Normal"} {
						require.Equal(t, want[r.verdict], eventOf(t, map[string]any{"product": "x", "name": r.name, "status": status}).Status)
					}
					stale := strings.TrimSuffix(r.name, part) + "Scheduled"
					content := map[string]any{"eventStatus": r.state}
					require.Equal(t, want[r.verdict], eventOf(t, map[string]any{"product": "x", "name": stale, "content": content}).Status)
				}
			})
		}
	}
}

// TestEveryOverEndsABegin: a recovery that shares its Key with no beginning
// would leave the problem open for ever.
func TestEveryOverEndsABegin(t *testing.T) {
	t.Parallel()
	all := append(rows(t, "system-events.tsv"), rows(t, "system-events-more.tsv")...)
	begins := map[string]bool{}
	key := func(r row) string {
		return eventOf(t, map[string]any{"product": r.product, "name": r.name, "status": r.state}).Key
	}
	for _, r := range all {
		if r.verdict == "begin" {
			begins[key(r)] = true
		}
	}
	// The tables file both messages about a restore of DBS as the end of one.
	alone := []string{"DataRestoreFail", "DataRestoreSuccess"}
	for _, r := range all {
		if r.verdict == "over" {
			require.Equal(t, !slices.Contains(alone, r.name), begins[key(r)], "%v", r)
		}
		if r.verdict == "news" {
			require.False(t, begins[key(r)], "%v", r)
		}
	}
}
