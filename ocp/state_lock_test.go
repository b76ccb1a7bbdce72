//go:build unix

package ocp_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// lock takes the lock of the notebook's directory.
func (n *notebook) lock(t *testing.T) (unlock func()) {
	t.Helper()
	d, err := os.Open(filepath.Dir(n.path))
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(d.Fd()), syscall.LOCK_EX))
	return func() { _ = d.Close() }
}

func TestLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	unlock := n.lock(t)
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 1, n.told())
	require.Contains(t, n.warned.String(), "another process holds the lock")
	require.NoFileExists(t, n.path)
	n.recorder.Next(func(context.Context, ...alert.Alert) error {
		time.AfterFunc(50*time.Millisecond, unlock)
		return nil
	})
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.FileExists(t, n.path)
}

// The end of the caller's time is no reason to forget what was accepted.
func TestRememberNotedAfterTimeIsOver(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	ctx, cancel := context.WithCancel(t.Context())
	n.recorder.Next(func(context.Context, ...alert.Alert) error {
		cancel()
		time.AfterFunc(50*time.Millisecond, n.lock(t)) // another process is writing
		return nil
	})
	require.NoError(t, n.send(ctx, fixtureAlert(t, "hostile-log-alarm")))
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 1, n.told())
}
