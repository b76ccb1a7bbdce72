//go:build unix

package private

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Readable returns an error if anybody but the owner of a file may read it.
func Readable(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("group or others can read or write it (mode %04o), and it holds secrets: chmod 600", mode)
	}
	return nil
}

// Trusted returns an error if anybody but the user of this process and root may
// have written a file.
func Trusted(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others can write to it (mode %04o): chmod 600", mode)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to another user (uid %d)", stat.Uid)
	}
	return nil
}
