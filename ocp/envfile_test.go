package ocp_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // test flag

// envFixture reads testdata/env/NAME.env: one NAME=value a line, in which \n,
// \r and \\ are escapes.
func envFixture(tb testing.TB, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "env", name+".env"))
	require.NoError(tb, err)
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for i, line := range lines {
		require.Contains(tb, line, "=")
		lines[i] = unescape.Replace(line)
	}
	return lines
}

// envFixtures returns the names of all of them.
func envFixtures(tb testing.TB) []string {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "env", "*.env"))
	require.NoError(tb, err)
	require.Len(tb, paths, 11)
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = strings.TrimSuffix(filepath.Base(path), ".env")
	}
	return names
}

// payloadOf reads variables that must hold an alarm.
func payloadOf(tb testing.TB, environ ...string) *ocp.Payload {
	tb.Helper()
	p, err := ocp.FromEnv(environ)
	require.NoError(tb, err)
	return p
}

// fixtureAlert returns the alert of a fixture in which variables are replaced.
func fixtureAlert(tb testing.TB, name string, replaced ...string) alert.Alert {
	tb.Helper()
	return payloadOf(tb, append(replaced, envFixture(tb, name)...)...).Alert() // the first counts
}

func TestEnvGolden(t *testing.T) {
	t.Parallel()
	for _, name := range envFixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := payloadOf(t, envFixture(t, name)...)
			text, err := json.MarshalIndent(struct {
				Alert    alert.Alert `json:"alert"`
				Problems []string    `json:"problems,omitempty"`
			}{p.Alert(), p.Problems}, "", "  ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", "env", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text)+"\n")
		})
	}
}
