package voice

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"time"
)

// maxRemembered bounds the requests that are remembered. Beyond it new ones are
// refused: forgetting an old one could ring a phone twice.
const maxRemembered = 16384

// A memory knows the answers to the requests of the last while.
type memory struct {
	window time.Duration

	mu      sync.Mutex
	entries map[[sha256.Size]byte]*entry
	order   []*entry // oldest first
}

// An entry is one request. answer may be read once done is closed.
type entry struct {
	key    [sha256.Size]byte
	named  bool // it has an identity, hence it is in the memory
	since  time.Time
	done   chan struct{}
	answer []byte
}

func newMemory(window time.Duration) *memory {
	return &memory{window: window, entries: map[[sha256.Size]byte]*entry{}}
}

// claim returns the entry of a request and whether the caller is the first and
// has to settle it. Without an identity everybody is, and so is who gives that of
// another request, as a proxy does that sets it itself. The entry is nil if there is
// no room for it.
func (m *memory) claim(id string, body []byte) (e *entry, mine bool) {
	e = &entry{since: time.Now(), done: make(chan struct{})}
	if id == "" {
		return e, true
	}
	e.key, e.named = sha256.Sum256(fmt.Appendf(nil, "%q%s", id, body)), true
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(e.since)
	if known := m.entries[e.key]; known != nil {
		return known, false
	}
	if len(m.entries) >= maxRemembered {
		return nil, false
	}
	m.entries[e.key] = e
	m.order = append(m.order, e)
	return e, true
}

// settle sets the answer, and forgets the request if it need not be remembered.
func (m *memory) settle(e *entry, answer []byte, remember bool) {
	e.answer = answer
	close(e.done)
	if !e.named || remember {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[e.key] == e {
		delete(m.entries, e.key)
	}
}

// expire forgets what is older than the window. Whoever still works on a
// request of that age holds its entry without the map.
func (m *memory) expire(now time.Time) {
	n := 0
	for n < len(m.order) && now.Sub(m.order[n].since) >= m.window {
		if e := m.order[n]; m.entries[e.key] == e {
			delete(m.entries, e.key)
		}
		n++
	}
	clear(m.order[:n])
	if m.order = m.order[n:]; len(m.order) == 0 {
		m.order = nil
	}
}
