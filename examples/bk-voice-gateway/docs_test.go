package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// The request by hand that the documentation shows places a call.
func TestDocumentedRequest(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	page, err := os.ReadFile("../../docs/voice-blueking.md")
	require.NoError(t, err)
	_, script, found := strings.Cut(string(page), "<!-- run by TestDocumentedRequest -->\n```sh\n")
	require.True(t, found)
	script, _, _ = strings.Cut(script, "```")
	g := launch(t)
	require.Contains(t, script, "http://10.0.0.5:8080/voice/THE-TOKEN")
	cmd := exec.CommandContext(t.Context(), "sh", "-eu")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(script, "http://10.0.0.5:8080/voice/THE-TOKEN", "http://"+g.addr+"/voice/"+testToken))
	out, err := cmd.Output()
	require.NoError(t, err)
	var answer struct{ Result bool }
	require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
	require.True(t, answer.Result, "%s", out)
}
