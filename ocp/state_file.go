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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a state file.
const (
	maxStateEntries = 4096
	maxStateSize    = 1 << 20 // bytes; what is longer is not ours
)

// The times of the lock.
const (
	lockPatience = 900 * time.Millisecond // one waits no longer for another's writing
	lockPause    = 5 * time.Millisecond   // between two looks
)

// stateHeader is the first line of a state file.
const stateHeader = "tocsin ocp state 1"

// A stateFile is what several processes know together.
type stateFile struct {
	path   string
	window time.Duration
}

// knowledge holds the last sighting of each subject within the window.
type knowledge map[string]record

// A record is what a file says of a subject.
type record struct {
	event string
	at    time.Time
}

// has reports whether s is what was last seen of its subject.
func (k knowledge) has(s sighting) bool { return k[s.subject].event == s.event }

// read returns what the file says of the window before now, and nothing if
// there is no file. What it says beside an error counts.
func (f stateFile) read() (knowledge, error) {
	known := knowledge{}
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
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		return known, errors.New("others can write to the file, which could silence any alert")
	}
	file, err := os.Open(f.path)
	if err != nil {
		return known, withoutPath(err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return known, f.parse(io.LimitReader(file, maxStateSize), known)
}

// parse adds what r says to known. A line that is damaged costs itself.
func (f stateFile) parse(r io.Reader, known knowledge) error {
	now, damaged := time.Now(), 0
	lines := bufio.NewScanner(r)
	if !lines.Scan() || lines.Text() != stateHeader {
		return errors.New("the file is damaged, or not a state file")
	}
	for lines.Scan() {
		subject, n, ok := parseRecord(lines.Text())
		switch {
		case !ok:
			damaged++
		case f.current(n, now):
			known[subject] = n
		}
	}
	if damaged > 0 || lines.Err() != nil {
		return fmt.Errorf("%d lines of the file are damaged", max(1, damaged))
	}
	return nil
}

// current reports whether r is within the window. A time to come is that of a
// clock that was wrong, and silences nothing.
func (f stateFile) current(r record, now time.Time) bool {
	age := now.Sub(r.at)
	return 0 <= age && age < f.window
}

// parseRecord reads a line: subject, event and milliseconds since 1970.
func parseRecord(line string) (subject string, r record, ok bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 3 || len(fields[0]) != 32 || len(fields[1]) != 32 {
		return "", record{}, false
	}
	ms, err := strconv.ParseInt(fields[2], 10, 64)
	return fields[0], record{fields[1], time.UnixMilli(ms)}, err == nil
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
	return withoutPath(f.replace(known.text()))
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

// text returns the newest entries as lines.
func (k knowledge) text() string {
	subjects := slices.SortedFunc(maps.Keys(k), func(a, b string) int {
		return cmp.Or(k[b].at.Compare(k[a].at), cmp.Compare(a, b))
	})
	var b strings.Builder
	b.WriteString(stateHeader + "\n")
	for _, s := range subjects[:min(len(subjects), maxStateEntries)] {
		fmt.Fprintf(&b, "%s %s %d\n", s, k[s].event, k[s].at.UnixMilli())
	}
	return b.String()
}

// replace puts a new file in the place of the old one, whole or not at all.
// A file that a killed process left half-written is removed first, instead of
// opened: it may be a link to somewhere else by now.
func (f stateFile) replace(text string) error {
	next := f.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(next, f.path)
}

// withoutPath drops the path from an error of package os: it is for the
// operator to know, and may name people.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
