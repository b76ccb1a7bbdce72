package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// The commands of the documentation do what it says.
func TestDocumentedCalls(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	page, err := os.ReadFile("../../docs/autocall.md")
	require.NoError(t, err)
	_, script, found := strings.Cut(string(page), "<!-- run by TestDocumentedCalls -->\n```sh\n")
	require.True(t, found)
	script, _, _ = strings.Cut(script, "```")
	s := launch(t)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(adminToken), 0o600))
	for _, r := range [][2]string{{"http://10.0.0.5:8080", "http://" + s.addr}, {"/etc/tocsin/admin-token", token}, {"curl ", "curl -sS --fail-with-body "}} {
		require.Contains(t, script, r[0])
		script = strings.ReplaceAll(script, r[0], r[1])
	}
	first, rest, found := strings.Cut(script, "$U/calls\n")
	require.True(t, found)
	head, _, found := strings.Cut(first, "\n\n")
	require.True(t, found)

	var made struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(sh(t, first+"$U/calls\n")), &made))
	require.NotEmpty(t, made.ID)
	out := sh(t, head+"\n"+strings.ReplaceAll(rest, "/ID", "/"+made.ID))
	require.Contains(t, out, "187******01", "masked")
	require.Contains(t, out, "18700000001", "with full=1")
	call := s.api(t, "GET", "/calls/"+made.ID, "").object(t)
	require.Equal(t, "cancelled", call["state"])
}

// sh runs a script and returns what it prints.
func sh(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-eu")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, out)
	return string(out)
}
