package autocall

import (
	"sync"
	"time"
)

// A budget allows some things at once, and then one in each interval. The nil
// budget allows everything.
type budget struct {
	every time.Duration
	most  int

	mu   sync.Mutex
	full time.Time // when nothing will be spent any more
}

func newBudget(every time.Duration, most int) *budget { return &budget{every: every, most: most} }

// take spends one, if there is one left.
func (b *budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.full.Before(now) {
		b.full = now
	}
	if b.full.Sub(now) > time.Duration(b.most-1)*b.every {
		return false
	}
	b.full = b.full.Add(b.every)
	return true
}
