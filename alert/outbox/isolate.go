package outbox

import (
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A message may fail because of one alert in it. So what failed together, the
// suspects, goes out again in two messages, and so on, until the one that is at
// fault stands alone. Each job knows how many may be in its message: its Limit.
//
// Once anything is delivered the far end is known to be there, and the suspects
// follow one another without a pause. While nothing is, it may as well be down.
// The route then pauses after most messages, for longer and longer, and from the
// probeAfter-th failure on it sends a single alert as a probe, another one each
// time: no single alert can hide that the far end is back, and an outage costs few
// messages. After an outage the Limits are void, so that what has gathered goes
// out in digests again. Nothing here reads the text or the type of an error: one
// alert can make a Sender say that the far end refuses connections.
const (
	probeAfter  = 3 // failures in a row
	outageAfter = 8 // failures in a row: more than a few alerts are at fault
	maxCrashes  = 3
	aloneAfter  = 2    // crashes
	wideView    = 1000 // jobs
)

// half returns the Limit of n jobs that failed together.
func half(n int) int { return (n + 1) / 2 }

// suspect sets the Limit of jobs in hand that differs from what is stored. With each
// job, jobs has all earlier ones of its Problem.
func (c *claim) suspect(jobs []jobstore.Job) {
	var lowest map[jobstore.Hash]int
	for i := range jobs {
		j := &jobs[i]
		switch {
		case j.Crashes >= aloneAfter, c.r.opts.Batch == 1 && j.Attempts > 0:
			j.Limit = 1
		case j.Due <= c.record.Forgiven:
			j.Limit = 0
		}
		// An alert that the one before it of its Problem may go with is in no larger message.
		if before := lowest[j.Problem]; before > 0 && (j.Limit == 0 || j.Limit > before) {
			j.Limit = before
		}
		if j.Limit > 0 && j.Problem != "" {
			if lowest == nil {
				lowest = make(map[jobstore.Hash]int)
			}
			lowest[j.Problem] = j.Limit
		}
	}
}

// next returns the first jobs that are due. If all of these are suspects, and there
// may be others behind them, it looks further: alerts that keep failing, and what
// follows them, must not fill the view.
func (c *claim) next() ([]jobstore.Job, error) {
	limit := c.r.opts.Batch
	jobs, err := jobstore.Next(c.txn, c.r.number, limit)
	if err != nil {
		return nil, err
	}
	c.suspect(jobs)
	isClean := func(j jobstore.Job) bool { return j.Limit == 0 }
	if len(jobs) < limit || slices.ContainsFunc(jobs, isClean) {
		return jobs, nil
	}
	jobs, err = jobstore.Next(c.txn, c.r.number, max(wideView, 2*limit))
	c.suspect(jobs)
	return jobs, err
}

// pick returns those of the jobs that go into the next message. Suspects go
// without others, the largest groups first, since a group that passes shows that
// the far end is there. They alternate with what is not under suspicion. With each
// job, jobs has all earlier ones of its Problem, and so has the message.
func (c *claim) pick(jobs []jobstore.Job) []jobstore.Job {
	suspects, clean := 0, false // the largest Limit, and whether any job has none
	for i := range jobs {
		suspects, clean = max(suspects, jobs[i].Limit), clean || jobs[i].Limit == 0
	}
	batch := c.pickOf(jobs, suspects, clean)
	return batch[:min(len(batch), c.r.opts.Batch)]
}

func (c *claim) pickOf(jobs []jobstore.Job, suspects int, clean bool) []jobstore.Job {
	switch {
	case c.record.Probe:
		return longestDue(jobs, 0)
	case suspects == 0:
		return jobs
	case clean && c.suspects:
		return ofLimit(jobs, 0)
	}
	batch := ofLimit(jobs, suspects)
	if suspects == 1 {
		batch = longestDue(jobs, 1) // or those that keep failing would keep others waiting
	}
	if len(batch) == 0 {
		batch = ofLimit(jobs, 0) // which the suspects wait for
	}
	return batch
}

// ofLimit returns jobs of one Limit, as many as it allows, but none before an earlier
// one of its Problem.
func ofLimit(jobs []jobstore.Job, limit int) (some []jobstore.Job) {
	passed := make(map[jobstore.Hash]bool)
	for i := range jobs {
		j := &jobs[i]
		switch {
		case j.Limit == limit && !passed[j.Problem]:
			if some = append(some, *j); len(some) == limit {
				return some
			}
		case j.Problem != "":
			passed[j.Problem] = true
		}
	}
	return some
}

// longestDue returns a job that was never tried, or else the one whose time came
// first, of those with at least a Limit that no earlier one of their Problem is
// before. After an attempt alone a job is due last.
func longestDue(jobs []jobstore.Job, limit int) (one []jobstore.Job) {
	seen := make(map[jobstore.Hash]bool)
	for i := range jobs {
		j := &jobs[i]
		if j.Limit >= limit && !(j.Problem != "" && seen[j.Problem]) && (len(one) == 0 || precedes(j, &one[0])) {
			one = jobs[i : i+1]
		}
		seen[j.Problem] = true
	}
	return one
}

func precedes(a, b *jobstore.Job) bool {
	if fresh := a.Attempts == 0; fresh || b.Attempts == 0 {
		return fresh && b.Attempts > 0
	}
	return a.Due < b.Due
}

// split makes suspects of the alerts that failed together. An alert that failed
// alone, or that the far end asks to wait with, stays what it is. If others were
// delivered in the same message, the far end can tell them apart: then what it
// refused goes alone, and the rest waits.
func split(outcomes []outcome) {
	failed, delivered := 0, false
	for i := range outcomes {
		v := &outcomes[i]
		delivered = delivered || v.kind == outcomeDelivered
		if v.suspicious() {
			failed++
		}
	}
	for i := range outcomes {
		v := &outcomes[i]
		switch {
		case !v.suspicious():
		case v.kind == outcomeRefused && delivered:
			v.limit = 1
		case failed > 1 || v.kind == outcomeRefused:
			if v.limit = half(failed); !delivered {
				v.wait = 0
			}
		}
	}
}

// suspicious reports whether the alert may be the reason of the failure.
func (v *outcome) suspicious() bool {
	return v.kind == outcomeRefused || v.kind == outcomeRetry && v.asked == 0
}

// pause looks at a message as a whole. If all of it failed the route pauses.
func (w *worker) pause(now int64, r *jobstore.RouteRecord, batch []jobstore.Job, outcomes []outcome) {
	retry, refused, asked := 0, 0, time.Duration(0)
	for i := range outcomes {
		switch v := &outcomes[i]; v.kind {
		case outcomeDelivered:
			if r.ConsecutiveFailures >= outageAfter {
				r.Forgiven = now - 1
			}
			r.ConsecutiveFailures, r.Probe, r.PausedUntil, r.Delivered = 0, false, 0, now
			return
		case outcomeRetry:
			retry, asked = retry+1, max(asked, v.asked)
		case outcomeRefused:
			refused++
		}
	}
	if retry+refused == 0 {
		return
	}
	suspects := batch[0].Limit > 0
	failures := r.ConsecutiveFailures
	if len(batch) == 1 && asked == 0 && (failures == 0 || failures == 1 && batch[0].Attempts > 0) {
		// That one alert fails, however often, says nothing about the far end.
		r.ConsecutiveFailures, outcomes[0].limit = 1, min(outcomes[0].limit, 1)
		return
	}
	failures++
	r.ConsecutiveFailures, r.Probe = failures, failures >= probeAfter && asked == 0
	switch {
	case retry == 0:
		r.PausedUntil = 0 // a far end that refuses is there
	case asked == 0 && suspects && (failures <= 2 || failures == 4):
		// The other half, or a second probe, goes at once.
	default:
		// For half of the wait of an alert, so that others get a chance between. A far
		// end that was there a moment ago is not given up soon.
		recent := max(w.r.opts.Backoff, time.Duration(now-r.Delivered)*time.Millisecond)
		pause := min(w.backoff().after(max(1, failures-2)), recent) / 2
		r.PausedUntil = now + max(pause, asked).Milliseconds()
	}
}
