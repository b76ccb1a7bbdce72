package outbox

import "sync/atomic"

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
}

// counters are Stats in the making.
type counters struct{ accepted, repeated atomic.Int64 }

// routeCounters are RouteStats in the making.
type routeCounters struct{ messages, delivered, retried, dead atomic.Int64 }

// Stats returns what this Outbox has done. It asks nobody.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Stats{Accepted: o.stats.accepted.Load(), Repeated: o.stats.repeated.Load(), Routes: make(map[string]RouteStats)}
	for _, r := range o.routes {
		s.Routes[r.name] = RouteStats{
			Messages: r.stats.messages.Load(), Delivered: r.stats.delivered.Load(), Retried: r.stats.retried.Load(), Dead: r.stats.dead.Load(),
		}
	}
	return s
}
