package alert

import "slices"

// A ledger knows something of each of the newest identities, up to a number of
// them: the oldest makes room.
type ledger[V any] struct {
	most  int
	known map[identity]note[V]
	order []stamp // of known, oldest first; stale ones are skipped
	last  uint64
}

// A note is what is known, and since which put.
type note[V any] struct {
	since uint64
	value V
}

// A stamp is one put.
type stamp struct {
	id    identity
	since uint64
}

// newLedger returns a ledger of at most so many identities.
func newLedger[V any](most int) *ledger[V] {
	return &ledger[V]{most: most, known: make(map[identity]note[V])}
}

// get returns what is known of an identity.
func (l *ledger[V]) get(id identity) (v V, ok bool) {
	n, ok := l.known[id]
	return n.value, ok
}

// put notes something of an identity, which becomes the newest.
func (l *ledger[V]) put(id identity, v V) {
	l.last++
	l.known[id] = note[V]{l.last, v}
	l.order = append(l.order, stamp{id, l.last})
	for len(l.known) > l.most {
		if l.current(l.order[0]) {
			delete(l.known, l.order[0].id)
		}
		l.order = l.order[1:]
	}
	if len(l.order) > 2*len(l.known)+64 { // the dropped ones must not pile up
		l.order = slices.DeleteFunc(slices.Clone(l.order), func(s stamp) bool { return !l.current(s) })
	}
}

// current reports whether s is the latest put of its identity.
func (l *ledger[V]) current(s stamp) bool {
	n, ok := l.known[s.id]
	return ok && n.since == s.since
}

// drop forgets an identity.
func (l *ledger[V]) drop(id identity) { delete(l.known, id) }

// expire forgets the oldest, for as long as they are old.
func (l *ledger[V]) expire(old func(V) bool) {
	for len(l.order) > 0 {
		s := l.order[0]
		if l.current(s) {
			if !old(l.known[s.id].value) {
				return
			}
			delete(l.known, s.id)
		}
		l.order = l.order[1:]
	}
	if l.last > 1024 && len(l.known) == 0 { // give back the space of a storm
		*l = *newLedger[V](l.most)
	}
}
