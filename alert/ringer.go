package alert

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// A RingPolicy says when phones may ring and how often. A nil *RingPolicy and
// the zero value of each field mean the default. Printing it shows nothing but
// its name: it holds telephone numbers.
type RingPolicy struct {
	// Window is the time after a call in which a Sender places no other one, but
	// for a critical alert after a lesser call. Default: 2 minutes; -1 disables it.
	Window time.Duration

	// Limits bound the calls that one person gets from all Senders with this
	// [Ringer]. Default: 3 in 15 minutes and 7 in an hour; an empty list, which is
	// not nil, disables them.
	Limits []Limit

	// Quiet are the quiet hours. Default: none.
	Quiet []QuietHours

	// Block lists who is never rung: numbers in any spelling, or names. Default:
	// nobody.
	Block []string

	// Resolved rings also if no alert reports a problem: all are resolved, news, or
	// less severe than what the same problem rang for. Default: such alerts are
	// accepted without a call.
	Resolved bool

	// Tests treats tests like other alerts; a call about nothing else has a window
	// and limits of its own, so that it holds back nothing real. Default: they are
	// accepted without a call.
	Tests bool

	// Logger gets one record at Info when alerts are held back, or ring nobody
	// because they are tests. Default: none.
	Logger *slog.Logger
}

// Format prints the name of the type for every verb.
func (RingPolicy) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "alert.RingPolicy") }

// LogValue returns the name of the type.
func (RingPolicy) LogValue() slog.Value { return slog.StringValue("alert.RingPolicy") }

// A Limit is a number of calls in a period, which is at most a day.
type Limit struct {
	Calls int
	Per   time.Duration
}

// maxPeople is how many people a Ringer counts the calls of before it looks for
// some to forget.
const maxPeople = 1024

// A Ringer keeps phones from ringing too often. [Ringer.Sender] and
// [Ringer.Wrap] put it around what rings; give one Ringer to several Senders to
// make the limits for each person count the calls of all of them. Its memory
// lives in the process. It is safe for concurrent use, needs no closing, and
// prints nothing of what it knows.
type Ringer struct {
	policy  func() RingPolicy // a closure, where no printer finds numbers
	hash    hasher
	blocked map[identity]bool

	mu    sync.Mutex
	calls map[identity][]time.Time // of a person, oldest first
}

// NewRinger returns a Ringer. It fails if the policy makes no sense.
func NewRinger(policy *RingPolicy) (*Ringer, error) {
	var p RingPolicy
	if policy != nil {
		p = *policy
	}
	p.Window = cmp.Or(p.Window, 2*time.Minute)
	p.Logger = cmp.Or(p.Logger, slog.New(slog.DiscardHandler))
	p.Quiet = slices.Clone(p.Quiet)
	if p.Limits == nil {
		p.Limits = []Limit{{3, 15 * time.Minute}, {7, time.Hour}}
	}
	p.Limits = slices.Clone(p.Limits)
	r := &Ringer{hash: newHasher(), blocked: map[identity]bool{}, calls: map[identity][]time.Time{}}
	for _, q := range p.Quiet {
		if err := q.check(); err != nil {
			return nil, fmt.Errorf("alert: new ringer: %w", err)
		}
	}
	for _, l := range p.Limits {
		if l.Calls < 1 || l.Per <= 0 || l.Per > day {
			return nil, errors.New("alert: new ringer: a limit needs at least 1 call, and a period of at most 24 hours")
		}
	}
	for _, who := range p.Block {
		r.blocked[r.person(who, false)] = true
	}
	p.Block = nil
	r.policy = func() RingPolicy { return p }
	return r, nil
}

// Format prints the name of the type for every verb.
func (*Ringer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "alert.Ringer") }

// person returns the identity of a number, in whatever spelling, or of a name.
func (r *Ringer) person(known string, test bool) identity {
	return r.hash.identify(subject{test: test, name: line(known)})
}

// line returns what tells one telephone line from another: two spellings of a
// number give the same text, those from inside and outside of China and Japan too.
// What is no number comes back without the blanks around it.
func line(known string) string {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\u00a0\u3000-‐‑–.()（）", r) {
			return -1
		}
		return r
	}, known)
	if strings.Trim(bare, "+0123456789") != "" || bare == "" {
		return strings.TrimSpace(known)
	}
	if abroad, found := strings.CutPrefix(bare, "00"); found {
		bare = "+" + abroad
	}
	if rest, found := strings.CutPrefix(bare, "+86"); found {
		return rest
	}
	if rest, found := strings.CutPrefix(bare, "+81"); found {
		return "0" + strings.TrimPrefix(rest, "0")
	}
	return bare
}

// Allow reports whether a person may be rung now about something of a severity,
// and if so counts the call: for channels that decide it when a phone is free,
// and not when the alerts are sent. The person is known by a number, a name, or
// both; the first that is not empty counts. It returns nil or a *[HeldError].
func (r *Ringer) Allow(s Severity, test bool, known ...string) error {
	now := time.Now()
	if left := r.quiet(now, s); left > 0 {
		return &HeldError{HeldByQuiet, left}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if held := r.hold(now, test, known); held != nil {
		return held
	}
	r.count(now, test, known)
	return nil
}

// quiet returns how much is left of the quiet hours.
func (r *Ringer) quiet(now time.Time, s Severity) (left time.Duration) {
	for _, q := range r.policy().Quiet {
		left = max(left, q.left(now, s))
	}
	return left
}

// hold returns why a person may not be rung, or nil. r.mu is held.
func (r *Ringer) hold(now time.Time, test bool, known []string) *HeldError {
	for _, name := range known {
		if name != "" && r.blocked[r.person(name, false)] {
			return &HeldError{By: HeldByBlock}
		}
	}
	calls := r.calls[r.person(cmp.Or(known...), test)]
	left := time.Duration(0)
	for _, l := range r.policy().Limits {
		if n := len(calls) - l.Calls; n >= 0 {
			left = max(left, calls[n].Add(l.Per).Sub(now))
		}
	}
	if left > 0 {
		return &HeldError{HeldByLimit, left}
	}
	return nil
}

// count notes a call. r.mu is held.
func (r *Ringer) count(now time.Time, test bool, known []string) {
	most, longest := 0, time.Duration(0)
	for _, l := range r.policy().Limits {
		most, longest = max(most, l.Calls), max(longest, l.Per)
	}
	if most == 0 {
		return
	}
	if len(r.calls) > maxPeople {
		for id, calls := range r.calls {
			if now.Sub(calls[len(calls)-1]) > longest {
				delete(r.calls, id)
			}
		}
	}
	id := r.person(cmp.Or(known...), test)
	calls := append(r.calls[id], now)
	r.calls[id] = slices.Clone(calls[max(0, len(calls)-most):])
}
