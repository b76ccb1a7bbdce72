package pigeontest

import (
	"slices"
	"time"
)

// A Progress is how a chain stands.
type Progress struct {
	Chain
	Active bool
	Status string // as results say it
	Key    string // that was pressed last
	Rings  []Ring // telephone calls that have begun, in order
}

// A Ring is a telephone call of a chain.
type Ring struct {
	Dial
	Status string // as results say it; "calling" while it rings or is listened to
	Key    string // that was pressed
	Begun  time.Time
	Ended  time.Time // zero: it has not
}

// Progress returns how the chains stand now, in the order in which they were
// placed, but for the first skip of them.
func (s *Server) Progress(skip int) []Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	var all []Progress
	for _, c := range s.chains[min(max(0, skip), len(s.chains)):] {
		v := c.at(now)
		p := Progress{Chain: c.Chain, Active: v.active, Status: v.status, Key: v.key}
		for _, k := range v.calls {
			r := Ring{Dial: k.Dial, Status: k.status, Key: k.key, Begun: k.from}
			if !k.to.After(now) {
				r.Ended = k.to
			}
			p.Rings = append(p.Rings, r)
		}
		all = append(all, p)
	}
	return all
}

// Pick lets a phone that a chain has in hand react now, in place of what Answer
// said of it. The chain is given by its ResultID, and the call by its place in
// [Progress.Rings]. Pick reports whether that call was under way. It is for
// people who decide while it rings. A key with a meaning ends the call, and so do
// [Missed] and [Broken]. After [Ignored], or a key without a meaning, the guidance
// goes on, and Pick may be called again for the key. Of the calls that follow
// Answer is asked anew.
func (s *Server) Pick(resultID string, ring int, p Pickup) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	i := slices.IndexFunc(s.chains, func(c *chain) bool { return c.ResultID == resultID })
	if i < 0 || ring < 0 || ring >= len(s.chains[i].calls) || !s.chains[i].aborted.IsZero() {
		return false
	}
	c := s.chains[i]
	if k := c.calls[ring]; k.from.After(now) || !k.to.After(now) {
		return false
	}
	fixed := slices.Clone(c.calls[:ring+1])
	fixed[ring].react(p, c.guidance.behaviors[p.key] != "", now)
	s.plan(c, fixed)
	return true
}

// react makes a call that is under way go as p says.
func (k *call) react(p Pickup, meaningful bool, now time.Time) {
	switch {
	case p.status == "succeeded" && meaningful:
		k.status, k.key, k.to = "succeeded", p.key, now
	case p.status == "succeeded" || p.status == "ignored":
		if k.status != "ignored" {
			k.to = now.Add(ignoring)
		}
		k.status, k.key = "ignored", ""
	case p.status == "failed":
		k.status, k.key, k.to = "failed", "", now
	default:
		k.status, k.key, k.to = "missed", "", now
	}
}
