package callcommand

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a command prints is kept in part, and read to its end.
func TestOutput(t *testing.T) {
	t.Parallel()
	var o output
	for range 3 {
		n, err := o.Write([]byte(strings.Repeat("x", 3000)))
		require.NoError(t, err)
		require.Equal(t, 3000, n)
	}
	require.Len(t, o.String(), maxOutput)
}

// Our own settings, among which is a token, are not for the command.
func TestInherited(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"PATH=/bin", "X=TOCSIN_A=1"},
		inherited([]string{"TOCSIN_PATH_TOKEN=hush", "PATH=/bin", "tocsin_x=hush", "X=TOCSIN_A=1"}))
}
