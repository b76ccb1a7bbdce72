// Package rota knows from a file who is on duty when: a calendar (iCalendar, RFC 5545) or
// a short text of weekly shifts.
package rota

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// Limits of a file.
const (
	MaxFile   = 1 << 20 // bytes
	maxShifts = 5000    // lines, or events
	maxNames  = 20      // at one time
)

// A Rota says who is on duty. It is immutable.
type Rota struct {
	Zone *time.Location // of the shifts; of a calendar, of those that name none

	plan plan
}

// A plan is what a file says.
type plan interface {
	// at returns who is on duty, in order.
	at(t time.Time) []string

	// within returns the plan for a span, which is quick to ask, and times in it at which
	// that may change, in any order. Those at full hours are looked at anyway.
	within(from, to time.Time) (plan, []time.Time)

	names() []string
}

// Parse reads a file. What it cannot understand is an error that names the line: a shift
// that is left out would ring the wrong person.
func Parse(file []byte) (*Rota, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("a file of more than %d bytes", MaxFile)
	}
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(bytes.TrimSpace(file), []byte("BEGIN:VCALENDAR")) {
		return parseCalendar(file)
	}
	return parseText(string(file))
}

// At returns who is on duty at a time, the one to be rung first at the head, or nobody.
func (r *Rota) At(t time.Time) []string { return r.plan.at(t) }

// Names returns everybody whom the file names.
func (r *Rota) Names() []string {
	names := slices.Clone(r.plan.names())
	slices.Sort(names)
	return slices.Compact(names)
}

// Change returns when somebody else is on duty than at a time, if that is within a span.
func (r *Rota) Change(after time.Time, within time.Duration) (at time.Time, found bool) {
	now := r.At(after)
	return r.first(after, within, func(names []string) bool { return !slices.Equal(names, now) })
}

// Gap returns when nobody is on duty, if that is within a span.
func (r *Rota) Gap(from time.Time, within time.Duration) (at time.Time, found bool) {
	if len(r.At(from)) == 0 {
		return from, true
	}
	return r.first(from, within, func(names []string) bool { return len(names) == 0 })
}

// first returns the first time after another one at which those on duty are as wanted.
func (r *Rota) first(after time.Time, within time.Duration, wanted func([]string) bool) (time.Time, bool) {
	to := after.Add(within)
	p, edges := r.plan.within(after, to)
	for t := after.Truncate(time.Hour).Add(time.Hour); !t.After(to); t = t.Add(time.Hour) {
		edges = append(edges, t)
	}
	slices.SortFunc(edges, time.Time.Compare)
	for _, t := range edges {
		if t.After(after) && !t.After(to) && wanted(p.at(t)) {
			return t, true
		}
	}
	return time.Time{}, false
}

// add adds names that are not there yet.
func add(all, more []string) []string {
	for _, name := range more {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
