package ocpchannel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// maxFile bounds a file of settings in bytes.
const maxFile = 64 << 10

// readPrivate reads a file that nobody else may read. Its errors leave the
// path out: they go to OCP, whose history many can read.
func readPrivate(path string) (string, error) {
	f, err := os.Open(path)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return "", e.Err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("group or others can read or write it (mode %04o), and it holds secrets: chmod 600", info.Mode().Perm())
	case info.Size() > maxFile:
		return "", fmt.Errorf("longer than %d bytes", maxFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(text), err
}
