package ocpchannel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/internal/private"
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
	case info.Size() > maxFile:
		return "", fmt.Errorf("longer than %d bytes", maxFile)
	}
	if err := private.Readable(info); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", err
	}
	return cli.Decode(text)
}
