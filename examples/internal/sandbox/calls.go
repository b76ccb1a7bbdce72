package sandbox

import (
	"sync"
	"time"
)

const (
	// defaultRing is shorter than the 30 s that BlueKing waits for a gateway.
	defaultRing = 25 * time.Second

	// tick is how often calls are looked at that others keep.
	tick = 150 * time.Millisecond
)

// A call is a telephone that rings, or rang.
type call struct {
	Who    string    `json:"who"`
	Number string    `json:"number"`
	Text   string    `json:"text,omitempty"` // what is read aloud
	State  callState `json:"state"`
	Key    string    `json:"key,omitempty"`
	Keys   []string  `json:"keys,omitempty"` // with a meaning
	Deaf   bool      `json:"deaf,omitempty"` // takes no keys
	Round  int       `json:"round,omitempty"`
	Result string    `json:"result,omitempty"` // in the words of the far end
}

// A callState is how a call stands.
type callState string

// The states.
const (
	ringing  callState = "ringing"
	talking  callState = "talking" // somebody listens
	answered callState = "answered"
	pressed  callState = "pressed" // a key that counts
	missed   callState = "missed"
	ended    callState = "ended" // by somebody else
)

// open reports whether a person can still decide.
func (s callState) open() bool { return s == ringing || s == talking }

// A decision is what a person does with a telephone.
type decision struct {
	act string // answer, key, miss
	key string
}

// A board keeps the telephones that wait for a decision.
type board struct {
	hub  *hub
	quit chan struct{} // closed at the end

	mu   sync.Mutex
	open map[int64]*line
}

// A line is a telephone that waits.
type line struct {
	dest   string
	decide func(decision) bool // false: it does not make sense now
}

func newBoard(h *hub) *board {
	return &board{hub: h, quit: make(chan struct{}), open: map[int64]*line{}}
}

// ring shows a call. decide is called with what the person does, one decision
// at a time.
func (b *board) ring(dest string, c call, decide func(id int64, d decision) bool) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.State = ringing
	id := b.hub.add(item{Dest: dest, Kind: "call", Call: &c})
	b.open[id] = &line{dest: dest, decide: func(d decision) bool { return decide(id, d) }}
	return id
}

// show changes the state of a call. One that is over takes no more decisions.
func (b *board) show(dest string, id int64, f func(*call)) {
	over := false
	b.hub.change(dest, id, func(it *item) {
		c := *it.Call // the old one may be on its way out
		f(&c)
		it.Call, over = &c, !c.State.open()
	})
	if over {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, id)
	}
}

// decide passes on what a person did with a call.
func (b *board) decide(id int64, d decision) bool {
	b.mu.Lock()
	l := b.open[id]
	b.mu.Unlock()
	return l != nil && l.decide(d)
}

// close ends the calls that wait for a decision.
func (b *board) close() {
	close(b.quit)
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.open)
}
