package alert

// DedupSize returns how many identities a Dedup knows, and how many places
// its queue holds.
func DedupSize(s Sender) (known, queued int) {
	m := s.(*dedup).memory
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries), len(m.queue)
}
