package sandbox

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/chatmark"
)

// keep is how many items the page shows of each destination.
const keep = 200

// An item is something that a destination received, or that became of it.
type item struct {
	ID   int64     `json:"id"` // in the order of arrival
	Dest string    `json:"dest"`
	Kind string    `json:"kind"` // message, refusal, trap, call, alarm, note
	At   time.Time `json:"at"`

	Title string          `json:"title,omitempty"`
	Meta  []string        `json:"meta,omitempty"` // what surrounds it, in a few words
	Body  []chatmark.Node `json:"body,omitempty"`
	Links []chatmark.Node `json:"links,omitempty"` // what can be tapped
	Rows  []row           `json:"rows,omitempty"`
	Tone  string          `json:"tone,omitempty"` // bad, good, news: the colour of its edge
	Call  *call           `json:"call,omitempty"`
}

// A row is an object of a trap, or a label of an alarm.
type row struct {
	Name  string `json:"n"`
	Type  string `json:"t,omitempty"`
	Value string `json:"v"`
}

// A tally counts what a destination received.
type tally struct {
	Accepted int `json:"ok"`
	Refused  int `json:"refused"`
	Waiting  int `json:"waiting"` // in the engine's outbox
}

// A hub keeps the newest items for everybody who looks on. Nobody who looks on
// delays it: each reads at its own pace what is there when it comes, so that a
// slow one skips what was pushed out meanwhile.
type hub struct {
	mu      sync.Mutex
	last    int64 // change
	nextID  int64
	lists   map[string][]*entry
	tallies map[string]*tally
	changed chan struct{} // closed and replaced at every change
}

// An entry is an item and its latest change.
type entry struct {
	item   item
	change int64
	text   json.RawMessage // of the item
}

// A batch is what is new to somebody.
type batch struct {
	Reset   bool              `json:"reset,omitempty"` // forget all before
	Items   []json.RawMessage `json:"items"`
	Tallies map[string]tally  `json:"tallies"`
}

func newHub() *hub {
	return &hub{lists: map[string][]*entry{}, tallies: map[string]*tally{}, changed: make(chan struct{})}
}

// tell announces a change to those who wait. The caller holds the lock.
func (h *hub) tell() int64 {
	h.last++
	close(h.changed)
	h.changed = make(chan struct{})
	return h.last
}

// add shows an item, and returns its id.
func (h *hub) add(it item) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nextID++
	it.ID = h.nextID
	if it.At.IsZero() {
		it.At = time.Now()
	}
	list := append(h.lists[it.Dest], &entry{item: it, change: h.tell()})
	h.lists[it.Dest] = list[max(0, len(list)-keep):]
	if len(list) > keep {
		h.lists[it.Dest] = slices.Clone(h.lists[it.Dest]) // lets go of the old ones
	}
	return it.ID
}

// change changes an item, unless it is gone.
func (h *hub) change(dest string, id int64, f func(*item)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range slices.Backward(h.lists[dest]) {
		if e.item.ID == id {
			f(&e.item)
			e.text, e.change = nil, h.tell()
			return
		}
	}
}

// count changes the tally of a destination.
func (h *hub) count(dest string, f func(*tally)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tallies[dest]
	if t == nil {
		t = &tally{}
		h.tallies[dest] = t
	}
	before := *t
	if f(t); *t != before {
		h.tell()
	}
}

// since returns what has changed since a change, the latest change, and what is
// closed at the next one.
func (h *hub) since(change int64) (b batch, last int64, next <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b = batch{Reset: change == 0, Items: []json.RawMessage{}, Tallies: map[string]tally{}}
	var fresh []*entry
	for _, list := range h.lists {
		for _, e := range list {
			if e.change > change {
				fresh = append(fresh, e)
			}
		}
	}
	slices.SortFunc(fresh, func(a, b *entry) int { return int(a.item.ID - b.item.ID) })
	for _, e := range fresh {
		if e.text == nil {
			e.text, _ = json.Marshal(e.item) // texts and numbers encode
		}
		b.Items = append(b.Items, e.text)
	}
	for dest, t := range h.tallies {
		b.Tallies[dest] = *t
	}
	return b, h.last, h.changed
}

// items returns copies of what is shown of a destination, for tests.
func (h *hub) items(dest string) []item {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []item
	for _, e := range h.lists[dest] {
		all = append(all, e.item)
	}
	return all
}
