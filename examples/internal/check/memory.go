package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/private"
)

// maxMemory bounds the file, in bytes.
const maxMemory = 16 << 20

// A memory is what outlives the process: how things stand, and what was to be
// said and was not accepted yet. A change and its alert are written in one
// step, so that neither can be without the other.
type memory struct {
	Version int                  `json:"version"`
	Checks  map[string]*Standing `json:"checks"` // by Key; only what is open
	Pending []alert.Alert        `json:"pending,omitempty"`
}

// recall reads a file. One that is missing is an empty memory; one that cannot
// be understood is an error, since to begin anew would forget open problems; so is
// one that another user may have written, to make the agent believe what he likes.
func recall(path string) (m memory, err error) {
	m = memory{Version: 1, Checks: map[string]*Standing{}}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	info, err := f.Stat()
	if err == nil {
		err = private.Trusted(info)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxMemory))
	if err != nil {
		return m, err
	}
	var read memory
	if err := json.Unmarshal(text, &read); err != nil || read.Version != 1 || read.Checks == nil {
		return m, fmt.Errorf("%s is not what this program writes; move it away to begin anew", filepath.Base(path))
	}
	for key, s := range read.Checks {
		if s == nil {
			delete(read.Checks, key)
		}
	}
	return read, nil
}

// keep writes the file as a whole or not at all, also if the machine dies.
func (m *memory) keep(path string) (err error) {
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes the new name durable, where the system can.
func syncDir(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync() // not on every system
		_ = d.Close()
	}
}
