package pigeontest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	ignoring = 210 * time.Second // the guidance in all its sets, to nobody
	failing  = 5 * time.Second   // until a call turns out to be impossible
	hangUp   = 5 * time.Second   // until a call ends whose chain was stopped
)

// A Chain is an invocation that was accepted.
type Chain struct {
	ResultID   string
	Placed     time.Time
	CallFlowID string // empty: inline
	GuidanceID string // empty: inline
	Parameters map[string]string
	Text       string // what is read aloud, with the values of the parameters
	Body       []byte // of the request
}

// A Dial is one telephone call about to be made.
type Dial struct {
	Contact string
	Number  string
	Loop    int // round, from 1
}

// A Pickup is how a contact reacts to a call. The zero value misses it.
type Pickup struct {
	status string
	key    string
}

// Missed lets it ring.
func Missed() Pickup { return Pickup{status: "missed"} }

// Ignored picks up and presses no key, as a voicemail does.
func Ignored() Pickup { return Pickup{status: "ignored"} }

// Pressed picks up and presses a key. One without a meaning in the guidance is
// none.
func Pressed(key string) Pickup { return Pickup{status: "succeeded", key: key} }

// Broken is a phone that cannot be rung: a wrong number, no coverage, busy.
func Broken() Pickup { return Pickup{status: "failed"} }

// A callFlow is whom to call.
type callFlow struct {
	loops    int
	contacts []Contact
}

// A guidance is what to say, and what the keys do.
type guidance struct {
	template  string
	behaviors map[string]string
}

// A call is one telephone call of a chain, from its beginning to its end.
type call struct {
	Dial
	status, key string
	from, to    time.Time
}

// A chain is all that will happen, or has happened, unless it is stopped.
type chain struct {
	Chain
	flow     callFlow
	guidance guidance
	starts   time.Time // when it has a line
	ends     time.Time
	status   string // at the end
	calls    []call
	aborted  time.Time // zero: it was not
	notified map[string]bool
}

// plan works out what will happen after the first calls, which are fixed.
func (s *Server) plan(c *chain, fixed []call) {
	c.starts = c.Placed.Add(s.Line)
	at := c.starts
	c.calls, c.status = nil, "failed"
	left := map[string]bool{}
	for loop := 1; loop <= c.flow.loops; loop++ {
		for _, contact := range c.flow.contacts {
			if left[contact.Name] {
				continue
			}
			behavior := ""
			for _, number := range contact.Numbers {
				k := s.dial(c, fixed, Dial{contact.Name, number, loop}, at)
				behavior = c.guidance.behaviors[k.key]
				c.calls, at = append(c.calls, k), k.to
				if k.status == "succeeded" || k.status == "ignored" {
					break
				}
			}
			switch behavior {
			case "terminate", "transfer":
				c.status, c.ends = "succeeded", at
				return
			case "leave":
				left[contact.Name] = true
			}
		}
	}
	c.ends = at
}

// dial makes the next call of a chain, unless it is fixed.
func (s *Server) dial(c *chain, fixed []call, d Dial, at time.Time) call {
	if n := len(c.calls); n < len(fixed) {
		return fixed[n]
	}
	var p Pickup
	if s.Answer != nil {
		p = s.Answer(d)
	}
	k := call{Dial: d, status: p.status, key: p.key, from: at}
	switch {
	case p.status == "succeeded" && c.guidance.behaviors[p.key] != "":
		k.to = at.Add(s.Talk)
	case p.status == "succeeded" || p.status == "ignored":
		k.status, k.key, k.to = "ignored", "", at.Add(ignoring)
	case p.status == "failed":
		k.key, k.to = "", at.Add(failing)
	default:
		k.status, k.key, k.to = "missed", "", at.Add(s.Ring)
	}
	return k
}

// abort stops a chain unless it is over.
func (c *chain) abort(now time.Time) {
	if !now.Before(c.ends) || !c.aborted.IsZero() {
		return
	}
	c.aborted, c.status, c.ends = now, "aborted", now
	c.calls = slices.DeleteFunc(c.calls, func(k call) bool { return k.from.After(now) })
	if n := len(c.calls); n > 0 && c.calls[n-1].to.After(now) {
		k := &c.calls[n-1]
		k.status, k.key, k.to = "aborted", "", now.Add(hangUp)
		c.ends = k.to
	}
}

// begun returns the calls that have begun.
func (c *chain) begun(now time.Time) []call {
	for i, k := range c.calls {
		if k.from.After(now) {
			return c.calls[:i]
		}
	}
	return c.calls
}

// view is what the outside sees of a chain.
type view struct {
	active bool
	status string
	key    string
	calls  []call
}

// at returns how a chain looks at a moment.
func (c *chain) at(now time.Time) view {
	v := view{status: c.status, calls: slices.Clone(c.begun(now))}
	if now.Before(c.ends) {
		v.active, v.status = true, "calling"
	}
	if now.Before(c.starts) && v.active {
		v.status, v.calls = "waiting", nil
	}
	for i := range v.calls {
		k := &v.calls[i]
		if k.to.After(now) {
			k.status, k.key = "calling", ""
			if !c.aborted.IsZero() {
				k.status = "aborting"
			}
		}
		if k.key != "" {
			v.key = k.key
		}
	}
	return v
}

// fill puts the values of parameters into a template. It returns the names of
// the placeholders that have none.
func fill(template string, parameters map[string]string) (text string, missing []string) {
	var b strings.Builder
	absent := map[string]bool{}
	for {
		before, after, found := strings.Cut(template, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), slices.Sorted(maps.Keys(absent))
		}
		name, rest, _ := strings.Cut(after, "}}")
		value, known := parameters[strings.TrimSpace(name)]
		if !known {
			absent[name] = true
		}
		b.WriteString(value)
		template = rest
	}
}
