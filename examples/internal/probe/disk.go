// Package probe looks at what a machine can look at by itself: the room on a
// file system, and an address that answers HTTP.
package probe

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/examples/internal/check"
)

// A Disk is a file system, by a path on it, and the percentages from which on it
// is too full.
type Disk struct {
	Path              string
	Warning, Critical float64 // a Critical of more than 100 is never reached
}

// ParseDisk reads PATH=WARNING or PATH=WARNING:CRITICAL, in percent.
func ParseDisk(s string) (d Disk, err error) {
	at := strings.LastIndexByte(s, '=')
	if at < 1 {
		return d, errors.New("want PATH=PERCENT, such as /data=80, or PATH=WARNING:CRITICAL")
	}
	d = Disk{Path: s[:at], Critical: 101}
	warning, critical, two := strings.Cut(s[at+1:], ":")
	if d.Warning, err = percent(warning); err == nil && two {
		d.Critical, err = percent(critical)
	}
	if err == nil && d.Critical < d.Warning {
		err = errors.New("the second percentage is below the first one")
	}
	return d, err
}

func percent(s string) (float64, error) {
	p, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || !(p > 0 && p <= 100) {
		return 0, errors.New("want a percentage above 0 and up to 100")
	}
	return p, nil
}

// Check is the check of the disk on a host. Its Key does not depend on the
// percentages.
func (d Disk) Check(host string) check.Check {
	busy := make(chan struct{}, 1) // holds the one look that may be under way
	return check.Check{
		Key: host + "/disk:" + d.Path, Name: "disk space", Instance: host, Resource: d.Path,
		Look: func(ctx context.Context) check.Finding { return d.look(ctx, busy, usage) },
	}
}

// A room is what a file system says of itself, in bytes: used, and available
// to those who are not root.
type room struct{ used, available float64 }

// look asks for the room. The system call of a file server that is gone never
// returns, and cannot be ended: it is left behind, and no second one is made.
func (d Disk) look(ctx context.Context, busy chan struct{}, usage func(string) (room, error)) check.Finding {
	type answer struct {
		room
		err error
	}
	answered := make(chan answer, 1)
	select {
	case busy <- struct{}{}:
	default:
		return check.Finding{Text: d.Path + ": the file system has not answered since an earlier look"}
	}
	go func() {
		r, err := usage(d.Path)
		<-busy
		answered <- answer{r, err}
	}()
	select {
	case a := <-answered:
		return d.judge(a.room, a.err)
	case <-ctx.Done():
		return check.Finding{Text: d.Path + ": the file system does not answer"}
	}
}

// judge compares the share that is used, as df shows it, with the percentages.
func (d Disk) judge(r room, err error) check.Finding {
	if err == nil && r.used+r.available <= 0 {
		err = errors.New("it has no size")
	}
	if err != nil {
		return check.Finding{Text: fmt.Sprintf("%s: %v", d.Path, err)}
	}
	share := 100 * r.used / (r.used + r.available)
	f := check.Finding{Level: check.Good, Text: fmt.Sprintf("%s: %.1f %% used, %s available", d.Path, share, size(r.available))}
	switch {
	case share >= d.Critical:
		f.Level, f.Text = check.Critical, fmt.Sprintf("%s; critical from %g %%", f.Text, d.Critical)
	case share >= d.Warning:
		f.Level, f.Text = check.Warning, fmt.Sprintf("%s; warning from %g %%", f.Text, d.Warning)
	}
	return f
}

// size writes a number of bytes for people.
func size(bytes float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && bytes >= 1024 {
		bytes, units = bytes/1024, units[1:]
	}
	return fmt.Sprintf("%.4g %s", bytes, units[0])
}
