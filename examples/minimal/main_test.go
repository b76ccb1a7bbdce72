package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv("BE_MINIMAL") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestProgramIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, body, found := strings.Cut(string(text), "func main() {\n")
	require.True(t, found)
	require.LessOrEqual(t, strings.Count(body, "\n"), 15)
}

func TestProgramSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  []string
		want string
	}{
		{"key", nil, "wecom: new: "},
		{"secret", []string{"WECOM_KEY=hush"}, "aliyun: new handler: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append([]string{"BE_MINIMAL=1"}, tt.env...)
			out, err := cmd.CombinedOutput()
			require.ErrorAs(t, err, new(*exec.ExitError))
			require.Contains(t, string(out), tt.want)
			require.NotContains(t, string(out), "hush")
		})
	}
}
