package alert

// DedupSize returns how many identities a Dedup knows, and how many of them
// stand in its queue.
func DedupSize(s Sender) (known, queued int) {
	d := s.(*dedup)
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.accepted.known) + len(d.flights), len(d.accepted.order)
}

// LedgerSizes puts many identities, each several times and in turn dropped, into a
// ledger, and returns how many it knows and how many stamps it has.
func LedgerSizes(most, puts int) (known, order int) {
	l, h := newLedger[int](most), newHasher()
	for i := range puts {
		id := h.identify(subject{name: string(rune('a' + i%(2*most)))})
		l.put(id, i)
		if i%7 == 0 {
			l.drop(id)
		}
		l.put(id, i)
		order = max(order, len(l.order))
		if v, ok := l.get(id); !ok || v != i {
			return -1, -1 // the newest is always known
		}
	}
	return len(l.known), order
}
