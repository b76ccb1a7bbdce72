//go:build unix

package ocp

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lockDir waits for the lock of a directory and returns what gives it back. The
// system gives it back too when a process is killed.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = d.Close() }, nil // opened for reading
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, d.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(errors.New("another process holds the lock"), d.Close())
		case <-time.After(lockPause):
		}
	}
}
