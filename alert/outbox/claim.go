package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// maxExpired is how many batches of alerts that are too old one claim ends.
const maxExpired = 10

// claim gets the lease or prolongs it, and claims what is to be sent now,
// if the budget and the far end have room for a message. Else it returns how
// long there is nothing to do.
func (w *worker) claim(ctx context.Context) (batch []jobstore.Job, wait time.Duration, err error) {
	began, c := time.Now(), claim{worker: w}
	w.asked = true
	err = w.o.store.Locked(ctx, func(t jobstore.Txn) error {
		c = claim{worker: w, txn: t}
		return c.run()
	})
	if err != nil {
		return nil, 0, err
	}
	w.until = time.Time{}
	if c.leased {
		w.epoch, w.until = c.record.Epoch, began.Add(w.o.opts.Lease)
	}
	w.idle = len(c.batch) == 0 && !c.more
	w.full = len(c.batch) == w.r.opts.Batch
	w.free = w.idle && c.leased && c.wait == 0
	if len(c.batch) > 0 { // else, as in a pause, it is the same ones' turn as before
		w.suspects = c.batch[0].Limit > 0
	}
	for cause, n := range c.deadByCause {
		w.reportDead(ctx, cause, n, "")
	}
	if c.mended {
		w.reportMended(ctx)
	}
	if c.renewed {
		w.reportRenewed(ctx)
	}
	wait = min(c.wait, w.o.opts.Poll)
	if w.free {
		wait = w.o.opts.Poll
	}
	return c.batch, wait, nil
}

// A claim is one transaction of it.
type claim struct {
	*worker

	txn         jobstore.Txn
	record      *jobstore.RouteRecord
	mended      bool // times of the record
	renewed     bool // the record
	leased      bool
	batch       []jobstore.Job
	wait        time.Duration
	more        bool // there is more to look at
	deadByCause map[Cause]int
}

func (c *claim) run() (err error) {
	if err = c.lock(); err != nil {
		return err
	}
	if err = c.mend(); err != nil {
		return err
	}
	r, now := c.record, c.txn.Now()
	switch {
	case r.Owner == c.owner && r.Expires > now:
	case r.Owner != c.owner && r.Expires > now:
		c.wait = time.Duration(r.Expires-now) * time.Millisecond
		if c.mended {
			return c.put()
		}
		return nil
	default:
		if err := c.takeOver(); err != nil {
			return err
		}
	}
	r.Delivered, r.Forgiven = min(r.Delivered, now), min(r.Forgiven, now) // the clock may have been set back
	// What this worker claimed and did not settle, it did not send either.
	if err := c.r.forgetInFlight(c.txn, r.Claimed); err != nil {
		return err
	}
	r.Lease = c.o.opts.Lease.Milliseconds()
	r.Claimed, r.Expires, c.leased = nil, now+r.Lease, true
	if c.wait = c.mustWait(r, now); c.wait > 0 {
		return c.put()
	}
	if err := c.choose(); err != nil {
		return err
	}
	if err := c.markInFlight(); err != nil {
		return err
	}
	if len(c.batch) > 0 {
		r.Rate, r.Sent = c.r.opts.Budget.pace().take(r.Rate, now), now
		r.Claimed = numbersOf(c.batch)
	}
	return c.put()
}

// takeOver begins a new epoch. What the owner before had claimed may have been
// delivered: it is due again, or ends here if it must not go out twice, or if no
// worker has ever come back from it.
func (c *claim) takeOver() error {
	r, now := c.record, c.txn.Now()
	lost, crashed := r.Claimed, r.Owner != "" // else it ended in order, but could tell nobody
	if r.Owner == c.owner {
		lost = nil // its lease ran out before it sent anything
	}
	r.Owner, r.Epoch = c.owner, r.Epoch+1
	err := c.recall(c.txn.Now()+c.r.longestWait().Milliseconds(), false)
	if err != nil || len(lost) == 0 {
		return err
	}
	if c.r.opts.NeverTwice {
		return c.endUncertain(lost)
	}
	jobs, err := c.txn.Jobs(c.r.number, lost)
	if err != nil {
		return err
	}
	for _, g := range groups(jobs, func(j *jobstore.Job) jobstore.Change {
		what := jobstore.Change{Due: now, Limit: j.Limit, Tried: true, Crashed: crashed, Error: "the process that was sending it died"}
		if crashed {
			what.Limit = half(len(jobs))
		}
		if crashed && j.Crashes+1 >= maxCrashes {
			what.Stage, what.Cause = jobstore.StageDead, string(Crashed)
		}
		return what
	}) {
		n, err := c.txn.Change(c.r.number, g.numbers, g.change)
		if err != nil {
			return err
		}
		if g.change.Stage == jobstore.StageDead {
			c.countDead(Crashed, n)
		}
	}
	return nil
}

// countDead counts dead letters.
func (c *claim) countDead(cause Cause, n int) {
	if c.deadByCause == nil {
		c.deadByCause = make(map[Cause]int)
	}
	c.deadByCause[cause] += n
}

// choose finds what is to be sent now, and ends what is too old.
func (c *claim) choose() error {
	for range maxExpired {
		jobs, err := c.next()
		if c.more = err == nil && len(jobs) > 0; !c.more {
			return err
		}
		if p := c.r.participant; p != nil {
			jobs, err = p.Select(c.txn, jobs)
		}
		if err == nil {
			jobs, err = c.expire(jobs)
		}
		if err != nil {
			return err
		}
		c.batch = c.pick(jobs)
		if c.r.opts.OnePerKey {
			c.batch = onePerKey(c.batch)
		}
		if len(c.batch) > 0 {
			return nil
		}
	}
	return nil
}

// expire ends those of the jobs that have waited for too long, and returns the
// others.
func (c *claim) expire(jobs []jobstore.Job) (young []jobstore.Job, err error) {
	if c.r.opts.MaxAge < 0 {
		return jobs, nil
	}
	limit := c.txn.Now() - c.r.opts.MaxAge.Milliseconds()
	var old []jobstore.Job
	for i := range jobs {
		if jobs[i].Accepted <= limit {
			old = append(old, jobs[i])
		} else {
			young = append(young, jobs[i])
		}
	}
	for _, g := range groups(old, func(j *jobstore.Job) jobstore.Change {
		return jobstore.Change{Stage: jobstore.StageDead, Due: c.txn.Now(), Cause: string(Expired), Error: j.Error}
	}) {
		if _, err := c.txn.Change(c.r.number, g.numbers, g.change); err != nil {
			return nil, err
		}
	}
	c.countDead(Expired, len(old))
	return young, nil
}

// onePerKey keeps the first alert of each Key.
func onePerKey(jobs []jobstore.Job) []jobstore.Job {
	seen := make(map[jobstore.Hash]bool)
	first := make([]jobstore.Job, 0, len(jobs))
	for i := range jobs {
		if p := jobs[i].Problem; p == "" || !seen[p] {
			seen[p] = true
			first = append(first, jobs[i])
		}
	}
	return first
}

// reportDead logs and counts dead letters.
func (w *worker) reportDead(ctx context.Context, cause Cause, n int, text string) {
	if n == 0 {
		return
	}
	w.r.stats.countDead(cause, n)
	w.log(ctx, slog.LevelError, "alerts ended as dead letters", slog.String("cause", string(cause)), slog.Int("alerts", n), slog.String("error", text))
}

// A group is jobs that get the same change.
type group struct {
	change  jobstore.Change
	numbers []int64
}

// groups groups jobs that get the same change, in order.
func groups(jobs []jobstore.Job, what func(*jobstore.Job) jobstore.Change) []group {
	var all []group
	at := make(map[jobstore.Change]int)
	for i := range jobs {
		c := what(&jobs[i])
		place, known := at[c]
		if !known {
			place = len(all)
			at[c] = place
			all = append(all, group{change: c})
		}
		all[place].numbers = append(all[place].numbers, jobs[i].Number)
	}
	return all
}
