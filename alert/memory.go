package alert

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// A memory is what one Dedup knows: what was accepted within the window, and
// what is under way. Each alert costs a few map operations, also in a storm:
// entries stand in a queue in order of acceptance, and each call removes from
// its head what has expired.
type memory struct {
	window time.Duration
	hash   hasher
	start  time.Time // an entry's time counts from here, which takes a third of the space

	mu      sync.Mutex
	entries map[identity]*entry
	peak    int // greatest len(entries) since the map was made
	queue   queue
}

// An entry is what is known of one identity. A problem that changes its
// Status gets a new entry, so that late news about the old one finds nobody.
type entry struct {
	id            identity
	at            time.Duration // when it was last accepted, if it was
	before, after *entry        // its neighbours in the queue
	round         *round        // latest attempt under way, if any
	place         int           // within round

	accepted bool     // within the window, hence in the queue
	status   Status   // of a problem
	severity Severity // greatest accepted
	rising   Severity // of the attempt under way
}

// A round is one call to the wrapped Sender. err may be read once done is
// closed. The first that waits makes done, under the lock of the memory; as a
// rule there is none.
type round struct {
	done chan struct{}
	size int
	err  error
}

// at returns what became of the alert at the given place.
func (r *round) at(place int) error { return ErrorAt(r.err, place, r.size) }

// awaited returns r, which is under way, with done made.
func (r *round) awaited() *round {
	if r.done == nil {
		r.done = make(chan struct{})
	}
	return r
}

// finish lets those go on who wait.
func (r *round) finish() {
	if r.done != nil {
		close(r.done)
	}
}

// A plan says what to do with each alert of a call in one round. What it does
// not mention is dropped.
type plan struct {
	round  round
	send   []int   // new: send them, in this order
	claims []claim // entries that wait for the outcome of send
	copies []wait  // copies of an alert in send
	waits  []wait  // copies of alerts that other calls have under way
	held   []int   // behind a waiting alert with the same Key

	oneSend   [1]int   // room for the usual call, which has one alert
	oneClaims [2]claim // with an ID and a Key
}

// A claim ties an entry to the place in the round that decides about it.
type claim struct {
	entry    *entry
	place    int
	severity Severity
}

// A wait is an alert that shares the outcome of a place in a round.
type wait struct {
	index int
	round *round
	place int
}

// newMemory returns an empty memory.
func newMemory(window time.Duration) *memory {
	return &memory{
		window:  window,
		hash:    newHasher(),
		start:   time.Now(),
		entries: make(map[identity]*entry),
	}
}

// plan sorts the alerts at the given indices into a plan and marks those to
// send as under way.
func (m *memory) plan(alerts []Alert, todo []int) *plan {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Since(m.start)
	m.expire(now)
	p := &plan{}
	p.send = slices.Grow(p.oneSend[:0], len(todo))
	p.claims = p.oneClaims[:0]
	var waiting map[string]bool // Keys whose order a wait must not upset
	for _, i := range todo {
		a := &alerts[i]
		ids := m.hash.who(a)
		known, leader := m.find(a, ids)
		switch {
		case known:
			m.learn(a, ids, now)
		case leader != nil && leader.round == &p.round:
			p.copies = append(p.copies, wait{i, leader.round, leader.place})
		case a.Key != "" && waiting[a.Key]:
			p.held = append(p.held, i)
		case leader != nil:
			p.waits = append(p.waits, wait{i, leader.round.awaited(), leader.place})
			if waiting == nil {
				waiting = make(map[string]bool)
			}
			waiting[a.Key] = true
		default:
			m.claim(p, a, ids)
			p.send = append(p.send, i)
		}
	}
	p.round.size = len(p.send)
	return p
}

// find reports whether a was accepted already; if not, it returns the entry
// of a copy that is under way, or nil.
func (m *memory) find(a *Alert, ids identities) (known bool, leader *entry) {
	if e := m.event(a, ids); e != nil {
		return e.accepted, e
	}
	e := m.entries[ids.problem]
	if e == nil || e.status != a.Status {
		return false, nil
	}
	if e.accepted && e.severity >= a.Severity {
		return true, nil
	}
	if e.round != nil && e.rising >= a.Severity {
		return false, e
	}
	return false, nil
}

// event returns the entry of a's Source and ID, or nil.
func (m *memory) event(a *Alert, ids identities) *entry {
	if a.ID == "" {
		return nil
	}
	return m.entries[ids.event]
}

// claim marks a as under way at the next place of p.
func (m *memory) claim(p *plan, a *Alert, ids identities) {
	place := len(p.send)
	if a.ID != "" {
		e := m.add(&entry{id: ids.event})
		e.round, e.place = &p.round, place
		p.claims = append(p.claims, claim{entry: e, place: place})
	}
	if ids.problem != (identity{}) {
		e := m.entries[ids.problem]
		if e != nil && e.status != a.Status {
			m.queue.remove(e)
			e = nil
		}
		if e == nil {
			e = m.add(&entry{id: ids.problem, status: a.Status})
		}
		e.round, e.place, e.rising = &p.round, place, a.Severity
		p.claims = append(p.claims, claim{entry: e, place: place, severity: a.Severity})
	}
}

// settle records the outcome of a round and lets the waiting calls go on.
func (m *memory) settle(p *plan, alerts []Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer p.round.finish()
	now := time.Since(m.start)
	for _, c := range p.claims {
		e := c.entry
		if m.entries[e.id] != e {
			continue // the problem has changed its Status meanwhile
		}
		if p.round.at(c.place) == nil {
			m.accept(e, c.severity, now)
		}
		if e.round == &p.round && e.place == c.place {
			e.round = nil
		}
		if e.round == nil && !e.accepted {
			delete(m.entries, e.id)
		}
	}
	for _, c := range p.copies {
		if p.round.at(c.place) == nil {
			a := &alerts[c.index]
			m.learn(a, m.hash.who(a), now)
		}
	}
}

// remember takes note of an event that was accepted by way of its copy.
func (m *memory) remember(a *Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learn(a, m.hash.who(a), time.Since(m.start))
}

// learn does the work of remember. Without it, the event delivered again
// after its problem has changed its Status would look new.
func (m *memory) learn(a *Alert, ids identities, now time.Duration) {
	if a.ID != "" && m.event(a, ids) == nil {
		m.accept(m.add(&entry{id: ids.event}), 0, now)
	}
}

// add puts e in the place of whatever is known of its identity.
func (m *memory) add(e *entry) *entry {
	m.entries[e.id] = e
	m.peak = max(m.peak, len(m.entries))
	return e
}

// accept begins the window of e.
func (m *memory) accept(e *entry, s Severity, now time.Duration) {
	if !e.accepted || s > e.severity {
		e.severity = s
	}
	m.queue.remove(e)
	m.queue.add(e, now)
}

// expire forgets what was accepted a window ago or earlier.
func (m *memory) expire(now time.Duration) {
	for e := m.queue.first; e != nil && now-e.at >= m.window; e = m.queue.first {
		m.queue.remove(e)
		if e.round == nil {
			delete(m.entries, e.id)
		}
	}
	m.shrink()
}

// shrink gives back the space of a storm that is over, once less than a
// quarter of it is in use. The map itself only grows.
func (m *memory) shrink() {
	const small = 1024
	if m.peak > small && len(m.entries) < m.peak/4 {
		entries := make(map[identity]*entry, len(m.entries))
		maps.Copy(entries, m.entries)
		m.entries, m.peak = entries, len(entries)
	}
}
