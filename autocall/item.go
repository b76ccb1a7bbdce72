package autocall

import (
	"slices"
	"time"
)

const (
	// maxLost is how many hand-outs of one person may be lost before the next
	// one gets a turn: a call that never reaches the phone's log blocks the
	// app for good.
	maxLost = 3

	// maxAudit bounds the trail. Transitions stay far below it; repeated
	// requests without effect are dropped from there on.
	maxAudit = 2*MaxRounds*MaxPeople*maxLost + 100

	// callTime is how long a phone that was told to ring is taken to be busy,
	// if its hand-out was taken away meanwhile: a ringing of a minute, and to
	// pick up. The app would dial over the call, and then never know the
	// outcome of either.
	callTime = 90 * time.Second
)

// rules are the settings of a queue that its items obey.
type rules struct {
	lease     time.Duration // silence of a phone after which its hand-out is lost
	deadline  time.Duration // after which a hand-out is lost
	stepDelay time.Duration // pause between two answers with the same mid
}

// An item is a call in the queue: all that is kept of it. Its methods are the
// transitions, and the only code that changes a State. Times are milliseconds
// on the clock of the store.
type item struct {
	Seq      int64   `json:"-"` // order of arrival, given by the store
	ID       string  `json:"id"`
	Call     Call    `json:"call"`
	State    State   `json:"state"`
	Round    int     `json:"round"` // from 1
	Place    int     `json:"place"` // index of the next person
	Lost     int     `json:"lost,omitempty"`
	Due      int64   `json:"due"`            // not before
	Held     int64   `json:"held,omitempty"` // until then nobody may be rung
	Created  int64   `json:"created"`
	Expires  int64   `json:"expires"`
	Finished int64   `json:"finished,omitempty"`
	Hand     *hand   `json:"hand,omitempty"` // set while a phone has it, which a final state does not end
	Past     []hand  `json:"past,omitempty"` // hand-outs that ended
	By       *Person `json:"by,omitempty"`
	Told     State   `json:"told,omitempty"` // final state of which a notice was made
	Audit    []Entry `json:"audit"`

	fresh []Entry // those of Audit that were added since it was read
}

// A hand is a hand-out: what a phone was told, under a mid of its own.
type hand struct {
	Mid      string `json:"mid"`
	Phone    string `json:"phone"`
	Place    int    `json:"place"`
	Lease    int64  `json:"lease"`    // each poll of the phone renews it
	Deadline int64  `json:"deadline"` // nothing does
	Quiet    int64  `json:"quiet"`    // until then the phone is told to wait
	Busy     int64  `json:"busy"`     // until then its last call may last
}

// newItem returns a checked call as an item.
func newItem(id string, c Call, now int64) *item {
	it := &item{ID: id, Call: c, State: Queued, Round: 1, Due: now, Created: now, Expires: now + c.Expiry.Milliseconds()}
	it.note(now, Entry{Event: EventQueued})
	return it
}

// clone returns a copy that can be changed. Lists are shared as far as they go.
func (it *item) clone() *item {
	if it == nil {
		return nil
	}
	c := *it
	if it.Hand != nil {
		c.Hand = new(*it.Hand)
	}
	c.Past, c.Audit, c.fresh = slices.Clip(it.Past), slices.Clip(it.Audit), nil
	return &c
}

// note adds to the audit trail.
func (it *item) note(now int64, e Entry) {
	idle := e.Event == EventIgnored || e.Event == EventSuspicious
	if idle && len(it.Audit) >= maxAudit {
		return
	}
	e.At, e.State, e.Round = time.UnixMilli(now), it.State, it.Round
	it.Audit, it.fresh = append(it.Audit, e), append(it.fresh, e)
}

// ends returns when time alone changes an open item.
func (it *item) ends() int64 {
	if it.Hand != nil {
		return min(it.Hand.Lease, it.Expires)
	}
	return it.Expires
}

// news reports whether a final state has been reached of which nobody was told.
// A call that its own caller cancelled is none.
func (it *item) news() bool {
	if it.State.Open() || it.State == Cancelled || it.Told == it.State {
		return false
	}
	it.Told = it.State
	return true
}

// byMid returns the hand-out with a mid, under way or past.
func (it *item) byMid(mid string) *hand {
	if it.Hand != nil && it.Hand.Mid == mid {
		return it.Hand
	}
	for i := range it.Past {
		if it.Past[i].Mid == mid {
			return &it.Past[i]
		}
	}
	return nil
}

// picked returns the person of a hand-out who has the number, or nil.
func (it *item) picked(h *hand, number string) *Person {
	if p := it.Call.People[h.Place]; p.Number == number {
		return &p
	}
	return nil
}

// out returns the hand-out under way as the phone gets it.
func (it *item) out() HandOut {
	return HandOut{Mid: it.Hand.Mid, Number: it.Call.People[it.Hand.Place].Number}
}

// lastPhone returns the phone that had the call last.
func (it *item) lastPhone() string {
	switch {
	case it.Hand != nil:
		return it.Hand.Phone
	case len(it.Past) > 0:
		return it.Past[len(it.Past)-1].Phone
	}
	return ""
}

// status returns what callers may know. It shares nothing with the item that a
// caller could change.
func (it *item) status() Status {
	s := Status{
		ID: it.ID, Call: it.Call, State: it.State, Round: it.Round, Phone: it.lastPhone(),
		Created: time.UnixMilli(it.Created), Expires: time.UnixMilli(it.Expires), Audit: slices.Clone(it.Audit),
	}
	s.Call.People = slices.Clone(it.Call.People)
	if it.By != nil {
		s.By = new(*it.By)
	}
	if it.Finished != 0 {
		s.Finished = time.UnixMilli(it.Finished)
	}
	return s
}
