package ocp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/private"
)

const (
	maxStateEntries = 4096
	maxStateSize    = 1 << 20 // bytes; what is longer is not ours
	stateHeader     = "tocsin ocp state 1"

	lockPatience = 900 * time.Millisecond // one waits no longer for another's writing
	lockPause    = 5 * time.Millisecond   // between two looks
)

// A stateFile is what several processes know together.
type stateFile struct {
	path   string
	window time.Duration
}

// A record is what was last seen of a subject.
type record struct {
	event string
	at    time.Time
}

// read returns what the file says of the window before now, and nothing if
// there is no file. What it says beside an error counts.
func (f stateFile) read() (map[string]record, error) {
	known := map[string]record{}
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return known, nil
	case err != nil:
		return known, withoutPath(err)
	case !info.Mode().IsRegular():
		return known, errors.New("not a regular file")
	case info.Size() > maxStateSize:
		return known, fmt.Errorf("the file is longer than %d bytes", maxStateSize)
	}
	if err := private.Trusted(info); err != nil {
		return known, fmt.Errorf("the file could silence any alert: %w", err)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return known, withoutPath(err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return known, f.parse(io.LimitReader(file, maxStateSize), known)
}

// parse adds what r says to known: lines of subject, event and milliseconds since
// 1970. A line that is damaged costs itself, and a time to come, which is that of
// a clock that was wrong, silences nothing.
func (f stateFile) parse(r io.Reader, known map[string]record) error {
	now, damaged := time.Now(), false
	lines := bufio.NewScanner(r)
	if !lines.Scan() || lines.Text() != stateHeader {
		return errors.New("the file is damaged, or not a state file")
	}
	for lines.Scan() {
		part := strings.Split(lines.Text(), " ")
		ms, err := strconv.ParseInt(part[len(part)-1], 10, 64)
		if err != nil || len(part) != 3 || len(part[0]) != 32 || len(part[1]) != 32 {
			damaged = true
			continue
		}
		at := time.UnixMilli(ms)
		if age := now.Sub(at); 0 <= age && age < f.window {
			known[part[0]] = record{part[1], at}
		}
	}
	if damaged || lines.Err() != nil {
		return errors.New("lines of the file are damaged")
	}
	return nil
}

// add writes the sightings down beside what other processes have.
func (f stateFile) add(ctx context.Context, seen []sighting) error {
	unlock, err := lockDir(ctx, filepath.Dir(f.path))
	if err != nil {
		return withoutPath(err)
	}
	defer unlock()
	known, _ := f.read() // what cannot be read is replaced
	now := time.UnixMilli(time.Now().UnixMilli())
	for _, s := range seen {
		known[s.subject] = record{s.event, now}
	}
	return withoutPath(f.replace(known))
}

// probe finds out whether something can be written beside the file, before it
// is too late to say so.
func (f stateFile) probe() error {
	file, err := os.CreateTemp(filepath.Dir(f.path), ".tocsin-probe-*")
	if err != nil {
		return withoutPath(err)
	}
	return withoutPath(errors.Join(file.Close(), os.Remove(file.Name())))
}

// replace puts a new file with the newest entries in the place of the old one,
// whole or not at all. A file that a killed process left half-written is removed
// first, instead of opened: it may be a link to somewhere else by now.
func (f stateFile) replace(known map[string]record) error {
	subjects := slices.SortedFunc(maps.Keys(known), func(a, b string) int {
		return cmp.Or(known[b].at.Compare(known[a].at), cmp.Compare(a, b))
	})
	text := []byte(stateHeader + "\n")
	for _, s := range subjects[:min(len(subjects), maxStateEntries)] {
		text = fmt.Appendf(text, "%s %s %d\n", s, known[s].event, known[s].at.UnixMilli())
	}
	next := f.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(next, f.path)
}

// withoutPath drops the path from an error of package os: it may name people.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
