package private_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/private"
)

func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no modes")
	}
	for mode, want := range map[os.FileMode]struct{ readable, trusted string }{
		0o600: {}, 0o400: {}, 0o700: {},
		0o640: {readable: "mode 0640"},
		0o604: {readable: "mode 0604"},
		0o622: {"mode 0622", "others can write to it (mode 0622)"},
		0o620: {"mode 0620", "others can write to it (mode 0620)"},
	} {
		name := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(name, nil, 0o600))
		require.NoError(t, os.Chmod(name, mode))
		info, err := os.Stat(name)
		require.NoError(t, err)
		for _, side := range []struct {
			err  error
			want string
		}{{private.Readable(info), want.readable}, {private.Trusted(info), want.trusted}} {
			if side.want == "" {
				require.NoError(t, side.err, mode)
			} else {
				require.ErrorContains(t, side.err, side.want)
			}
		}
	}
}

// A file of another user says what that user likes.
func TestAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	name := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	require.NoError(t, os.Chown(name, 65534, 0))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.EqualError(t, private.Trusted(info), "it belongs to another user (uid 65534)")
}
