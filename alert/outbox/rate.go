package outbox

import "time"

// A Budget is how many messages a route may send. It holds in any span of Per,
// over all processes and also after a restart: a quarter of it at once and the
// rest evenly. The zero value is no limit.
type Budget struct {
	Messages int
	Per      time.Duration
}

// A pace is a Budget as it is kept: by the generic cell rate algorithm, whose
// one number is the time at which the bucket will be full again.
type pace struct{ interval, slack int64 } // microseconds

// pace returns how the budget is kept: never more than Messages in Per, since a
// burst of b and one token each Per/(n-b+1) let n through.
func (b Budget) pace() pace {
	if b.Messages <= 0 {
		return pace{}
	}
	burst := max(1, b.Messages/4)
	refills := int64(b.Messages - burst + 1)
	interval := (b.Per.Microseconds() + refills - 1) / refills
	return pace{interval: interval, slack: int64(burst-1) * interval}
}

// wait returns the milliseconds until a token is there.
func (p pace) wait(full, now int64) int64 {
	return max(0, (full-p.slack-now*1000+999)/1000)
}

// full returns how far ahead the time of a bucket can be that is empty.
func (p pace) full() int64 { return p.slack + p.interval }

// take takes a token and returns when the bucket will be full.
func (p pace) take(full, now int64) int64 { return max(full, now*1000) + p.interval }

// A backoff is how long to wait after failures.
type backoff struct {
	first, longest time.Duration
	below          func(time.Duration) time.Duration // a random wait that is shorter
}

// after returns the wait after n failures in a row, at least one, as a random
// part between a half and the whole of what doubles each time.
func (b backoff) after(n int) time.Duration {
	d := b.longest
	if n = max(n, 1) - 1; n < 32 && b.first<<n > 0 {
		d = min(d, b.first<<n)
	}
	return d - b.below(d/2+1)
}
