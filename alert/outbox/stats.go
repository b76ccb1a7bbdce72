package outbox

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats are what an Outbox has done since Open, in this process.
type Stats struct {
	Accepted int64                 `json:"accepted"` // alerts that were new
	Repeated int64                 `json:"repeated"` // alerts whose event was remembered
	Routes   map[string]RouteStats `json:"routes"`
}

// RouteStats are what the worker of a route has done.
type RouteStats struct {
	Messages  int64 `json:"messages"`  // attempts
	Delivered int64 `json:"delivered"` // alerts
	Retried   int64 `json:"retried"`   // alerts that an attempt left in the store
	Dead      int64 `json:"dead"`      // alerts that ended as dead letters
	Stuck     int64 `json:"stuck"`     // messages whose Sender was still not back 5 s after its context had ended

	StuckSince time.Time `json:"stuckSince,omitzero"` // when the one that is not back was called; meanwhile the route waits
}

// counters are Stats in the making.
type counters struct{ accepted, repeated atomic.Int64 }

// routeCounters are RouteStats in the making, and what only the metrics have.
type routeCounters struct {
	messages, delivered, retried, dead, stuck atomic.Int64
	stuckSince                                atomic.Pointer[time.Time]

	failed, uncertain atomic.Int64
	took, delay       histogram

	mu     sync.Mutex
	causes map[Cause]int64 // dead, by cause
}

// countDead counts dead letters.
func (c *routeCounters) countDead(cause Cause, n int) {
	c.dead.Add(int64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.causes == nil {
		c.causes = make(map[Cause]int64)
	}
	c.causes[cause] += int64(n)
}

// deadOf returns how many dead letters there were of a cause.
func (c *routeCounters) deadOf(cause Cause) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.causes[cause]
}

// countMessage counts a message that a Sender has answered.
func (c *routeCounters) countMessage(took time.Duration, err error) {
	c.took.observe(took.Seconds())
	if err != nil {
		c.failed.Add(1)
	}
}

// show returns RouteStats as they are now.
func (c *routeCounters) show() RouteStats {
	s := RouteStats{
		Messages: c.messages.Load(), Delivered: c.delivered.Load(), Retried: c.retried.Load(), Dead: c.dead.Load(), Stuck: c.stuck.Load(),
	}
	if since := c.stuckSince.Load(); since != nil {
		s.StuckSince = *since
	}
	return s
}

// Stats returns what this Outbox has done. It asks nobody.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Stats{Accepted: o.stats.accepted.Load(), Repeated: o.stats.repeated.Load(), Routes: make(map[string]RouteStats)}
	for _, r := range o.routes {
		s.Routes[r.name] = r.stats.show()
	}
	return s
}
