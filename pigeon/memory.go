package pigeon

import (
	"context"
	"sync"
)

// maxMemory is how many webhooks are remembered.
const maxMemory = 4096

// A memory lets each key be done once. The zero value is ready for use; it is
// safe for concurrent use.
type memory struct {
	mu    sync.Mutex
	done  map[string]bool
	order []string                 // of done, oldest first
	under map[string]chan struct{} // under way; closed at the end
}

// once calls do unless a call for the key has succeeded. If one is under way
// it waits for its outcome. It reports whether do was called and succeeded.
func (m *memory) once(ctx context.Context, key string, do func() error) (fresh bool, err error) {
	for {
		ended, mine := m.begin(key)
		if mine {
			break
		}
		if ended == nil {
			return false, nil
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	err = do()
	m.end(key, err == nil)
	return err == nil, err
}

// begin returns mine if the caller is to do it, or the channel that tells when
// another call ends, or nil if it is done.
func (m *memory) begin(key string) (ended chan struct{}, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done[key] {
		return nil, false
	}
	if ended, running := m.under[key]; running {
		return ended, false
	}
	if m.under == nil {
		m.under, m.done = map[string]chan struct{}{}, map[string]bool{}
	}
	m.under[key] = make(chan struct{})
	return nil, true
}

// end notes the outcome. The oldest entry makes room.
func (m *memory) end(key string, done bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.under[key])
	delete(m.under, key)
	if !done {
		return
	}
	m.done[key] = true
	m.order = append(m.order, key)
	if len(m.order) > maxMemory {
		delete(m.done, m.order[0])
		m.order = append(m.order[:0:0], m.order[1:]...)
	}
}
