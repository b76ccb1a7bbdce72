package sqloutbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// smallDisk mounts a disk of two megabytes in memory, which only root may.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
			t.Fatal("only root may mount a disk, and TOCSIN_REQUIRE_REAL is set")
		}
		t.Skip("only root may mount a disk")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
			t.Fatalf("mount: %v, but TOCSIN_REQUIRE_REAL is set", err)
		}
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill leaves no room on a disk, and returns how to have it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast")) //nolint:gosec // of the test
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, os.Getpagesize()))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
	return func() { require.NoError(t, os.Remove(f.Name())) }
}

// On a full disk a Send says so, and that it may be repeated. What was accepted
// is delivered, once there is room again, and by itself; a message whose outcome
// found no room is not sent again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	dsn := "file:" + filepath.Join(dir, "a.db") +
		"?_txlock=immediate&_pragma=busy_timeout(200)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	b, far, answer := underWay(t, open(t, "sqlite", dsn), "sqlite")
	ctx := t.Context()
	free := fill(t, dir)
	accepted, refusals := []string{"0"}, 0
	for n := 1; refusals < 5; n++ { // the log may have some room
		require.Less(t, n, 1000, "the disk is full and nobody says so")
		a := event(n)
		a.Summary = strings.Repeat("many words ", 1000)
		err := b.Send(ctx, a)
		if err == nil {
			accepted = append(accepted, a.ID)
			continue
		}
		refusals++
		failed, ok := errors.AsType[*outbox.Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, "send", failed.Op)
		require.True(t, alert.Retryable(err), "%v", err)
		require.ErrorContains(t, err, "full")
	}
	close(answer) // and there is no room for what came of it
	<-time.After(100 * time.Millisecond)
	free()
	for n := range 3 {
		last := event(2000 + n)
		require.NoError(t, b.Send(ctx, last))
		accepted = append(accepted, last.ID)
	}
	for deadline := time.Now().Add(time.Minute); len(far.Accepted()) < len(accepted); {
		require.True(t, time.Now().Before(deadline), "delivered only %d of %d", len(far.Accepted()), len(accepted))
		<-time.After(10 * time.Millisecond)
	}
	var heard []string
	for _, a := range far.Accepted() {
		heard = append(heard, a.ID)
	}
	require.Equal(t, accepted, heard, "the refused ones excepted")
	dead, err := b.Dead(ctx, "route", 0, 10)
	require.NoError(t, err)
	require.Empty(t, dead)
}
