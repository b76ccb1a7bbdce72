package outbox

import (
	"math"
	"sync/atomic"
)

// The upper bounds of the buckets of a histogram, in seconds: from a message on a fast
// network to an alert that waited for half a day.
//
//nolint:gochecknoglobals // read-only table
var bucketBounds = [...]float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200}

// A histogram counts times by their length. It is safe for concurrent use.
type histogram struct {
	buckets [len(bucketBounds) + 1]atomic.Int64 // the last one has no bound
	sum     atomic.Uint64                       // bits of a float64
}

func (h *histogram) observe(seconds float64) {
	at := 0
	for at < len(bucketBounds) && seconds > bucketBounds[at] {
		at++
	}
	h.buckets[at].Add(1)
	for {
		before := h.sum.Load()
		if h.sum.CompareAndSwap(before, math.Float64bits(math.Float64frombits(before)+seconds)) {
			return
		}
	}
}
