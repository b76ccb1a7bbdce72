package ocp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// The times of a lock.
const (
	lockPatience = 500 * time.Millisecond // one waits no longer for another's writing
	lockPause    = 5 * time.Millisecond   // between two looks
	lockStale    = 10 * time.Second       // nobody holds a lock so long who is alive
)

// errLockHeld: another process writes, or one was killed while it did.
var errLockHeld = errors.New("another process holds the lock")

// lockFile creates a file that must not exist and returns what removes it. A
// file is the one lock that all systems have, the price being that a process
// that is killed leaves it behind. Such a file is removed once it is old enough.
// Two processes may find it at the same moment, and the slower one remove the
// lock of the faster: then what one of them noted is lost, and no more, since
// the state is replaced as a whole.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_ = file.Close()                           // nothing was written
			return func() { _ = os.Remove(path) }, nil // stale at worst
		}
		// Windows refuses access to a file that is being removed.
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()).Abs() > lockStale {
			_ = os.Remove(path) // or somebody else does
		}
		select {
		case <-ctx.Done():
			if errors.Is(err, fs.ErrExist) {
				err = errLockHeld
			}
			return nil, err
		case <-time.After(lockPause):
		}
	}
}
