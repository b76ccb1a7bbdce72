package examples_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program that the README shows is the one that is compiled and tested.
func TestReadmeShowsTheMinimalProgram(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("minimal/main.go")
	require.NoError(t, err)
	var blocks []string
	for _, part := range strings.Split(string(readme), "\n```go\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block+"\n")
	}
	require.Contains(t, blocks, string(program))
}
