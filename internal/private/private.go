// Package private judges files that hold secrets, or that a program believes, by
// who can read and who can write them.
package private

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// Readable returns an error if anybody but the owner of a file may read it. Windows
// has access lists in place of modes, which are not looked at.
func Readable(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return fmt.Errorf("group or others can read or write it (mode %04o), and it holds secrets: chmod 600", mode)
	}
	return nil
}

// Trusted returns an error if anybody but the user of this process and root may
// have written a file. On Windows there is none.
func Trusted(info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others can write to it (mode %04o): chmod 600", mode)
	}
	if uid, known := owner(info); known && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("it belongs to another user (uid %d)", uid)
	}
	return nil
}
