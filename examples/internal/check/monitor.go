package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Options say how a Monitor looks. The zero value means the defaults.
type Options struct {
	Source    string        // of the alerts; default "agent"
	Interval  time.Duration // between two looks at everything; default 1 min
	Timeout   time.Duration // of one look; default 10 s
	Bad, Good int           // looks in a row that open and close a problem; default 2
	Logger    *slog.Logger  // gets each change at Info, and failures at Warn; default: none
}

// A Monitor looks at everything again and again.
type Monitor struct {
	checks   []Check
	trackers []*tracker
	sender   alert.Sender
	file     string
	memory   memory
	dirty    bool // the memory was changed and is not in the file
	forgets  bool // the file could not be written
	opts     Options
	log      *slog.Logger
}

// New returns a Monitor that hands changes to a Sender and remembers them in a
// file, which no other process may use. What the file has open and no check
// looks at any more is given up: its problem gets no data.
func New(checks []Check, sender alert.Sender, file string, opts *Options) (*Monitor, error) {
	m := &Monitor{checks: checks, sender: sender, file: file}
	if opts != nil {
		m.opts = *opts
	}
	o := &m.opts
	o.Source, o.Interval, o.Timeout = cmp.Or(o.Source, "agent"), cmp.Or(o.Interval, time.Minute), cmp.Or(o.Timeout, 10*time.Second)
	o.Bad, o.Good = cmp.Or(o.Bad, 2), cmp.Or(o.Good, 2)
	if o.Interval < 0 || o.Timeout < 0 || o.Bad < 0 || o.Good < 0 {
		return nil, errors.New("check: negative times and counts make no sense")
	}
	if m.log = o.Logger; m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if m.memory, err = recall(file); err != nil {
		return nil, fmt.Errorf("check: what was said before: %w", err)
	}
	return m, m.adopt()
}

// adopt gives each check what the file knows of it.
func (m *Monitor) adopt() error {
	orphans := maps.Clone(m.memory.Checks)
	seen := map[string]bool{}
	for _, c := range m.checks {
		if c.Key == "" || seen[c.Key] {
			return fmt.Errorf("check: the key %q is empty, or that of two checks", c.Key)
		}
		seen[c.Key] = true
		t := &tracker{}
		if s := orphans[c.Key]; s != nil {
			t.standing = *s
		}
		m.trackers = append(m.trackers, t)
		delete(orphans, c.Key)
	}
	now := time.Now()
	for key, s := range orphans {
		delete(m.memory.Checks, key)
		if s.NoData {
			continue // which was said
		}
		t := tracker{standing: *s}
		c := Check{Key: key, Name: "not checked any more"}
		m.dirty = true
		m.memory.Pending = append(m.memory.Pending, t.announce(alert.NoData, &c, m.opts.Source, "the check was taken out of the settings while its problem was open", now))
	}
	return nil
}

// Run looks until ctx ends, and returns nil then. The first look is at once. A
// Sender that fails is asked again after each look.
func (m *Monitor) Run(ctx context.Context) error {
	ticker := time.NewTicker(m.opts.Interval)
	defer ticker.Stop()
	for {
		m.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// round looks at everything at once, and says what has changed.
func (m *Monitor) round(ctx context.Context) {
	findings := m.look(ctx)
	if ctx.Err() != nil {
		return // what was seen while stopping says nothing
	}
	now := time.Now()
	for i, f := range findings {
		c, t := &m.checks[i], m.trackers[i]
		status, changed := t.observe(f.Level, now, m.opts.Bad, m.opts.Good)
		if !changed {
			continue
		}
		a := t.announce(status, c, m.opts.Source, f.Text, now)
		m.log.Info("a change", "alert", a)
		m.memory.Pending = append(m.memory.Pending, a)
		if m.memory.Checks[c.Key] = &t.standing; !t.standing.Open {
			delete(m.memory.Checks, c.Key)
		}
		m.dirty = true
	}
	m.keep() // before anybody hears of it
	m.deliver(ctx)
	m.keep()
}

// keep writes the memory if it has changed, or could not be written before.
func (m *Monitor) keep() {
	if !m.dirty {
		return
	}
	err := m.memory.keep(m.file)
	if m.dirty = err != nil; m.dirty && !m.forgets { // once is enough: the disk may be full for long
		m.log.Warn("what was said cannot be kept: a restart now may say it again", "error", cli.WithoutPath(err))
	}
	m.forgets = m.dirty
}

// look makes every look at once and waits for all.
func (m *Monitor) look(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Timeout)
	defer cancel()
	findings := make([]Finding, len(m.checks))
	var all sync.WaitGroup
	for i := range m.checks {
		all.Go(func() { findings[i] = m.checks[i].Look(ctx) })
	}
	all.Wait()
	return findings
}

// deliver hands over what is to be said, and forgets what was accepted or will
// never be.
func (m *Monitor) deliver(ctx context.Context) {
	pending := m.memory.Pending
	if len(pending) == 0 {
		return
	}
	err := m.sender.Send(ctx, slices.Clone(pending)...)
	if err != nil {
		m.log.Warn("alerts were not accepted", "error", err)
	}
	m.memory.Pending = nil
	for i, a := range pending {
		if failed := alert.ErrorAt(err, i, len(pending)); failed != nil && alert.Retryable(failed) {
			m.memory.Pending = append(m.memory.Pending, a)
		}
	}
	m.dirty = m.dirty || len(m.memory.Pending) < len(pending)
}
