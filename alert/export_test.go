package alert

// DedupSize returns how many identities a Dedup knows, and how many of them
// stand in its queue.
func DedupSize(s Sender) (known, queued int) {
	m := s.(*dedup).memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for e := m.queue.first; e != nil; e = e.after {
		queued++
	}
	return len(m.entries), queued
}
