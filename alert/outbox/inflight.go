package outbox

import (
	"strconv"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// What a worker is sending stands in the record of its route. If a process dies and
// somebody removes that row before another worker has seen it, nobody would know what
// may have rung a telephone. So on a route with NeverTwice it is remembered among the
// events too, from the claim until the outcome is recorded.

// inFlight returns the events of jobs of a route being in flight.
func inFlight(route string, numbers []int64) []jobstore.Hash {
	events := make([]jobstore.Hash, len(numbers))
	for i, n := range numbers {
		events[i] = jobstore.HashOf("in flight", route, strconv.FormatInt(n, 10))
	}
	return events
}

// forgetInFlight forgets that jobs are in flight.
func (r *route) forgetInFlight(t jobstore.Txn, numbers []int64) error {
	if !r.opts.NeverTwice || len(numbers) == 0 {
		return nil
	}
	return t.Forget(inFlight(r.name, numbers))
}

// markInFlight remembers that the batch is in flight. Jobs that were before, of which the record
// knows nothing, end as uncertain.
func (c *claim) markInFlight() error {
	if !c.r.opts.NeverTwice || len(c.batch) == 0 {
		return nil
	}
	events := inFlight(c.r.name, numbersOf(c.batch))
	known, err := c.txn.Remembered(events)
	if err != nil {
		return err
	}
	var lost []int64
	free := make([]jobstore.Job, 0, len(c.batch))
	for i := range c.batch {
		if known[events[i]] {
			lost = append(lost, c.batch[i].Number)
		} else {
			free = append(free, c.batch[i])
		}
	}
	c.batch = free
	if len(lost) > 0 {
		if err := c.endUncertain(lost); err != nil {
			return err
		}
		if err := c.r.forgetInFlight(c.txn, lost); err != nil {
			return err
		}
	}
	if len(free) == 0 {
		return nil
	}
	_, err = c.txn.Remember(inFlight(c.r.name, numbersOf(free)), c.txn.Now()+keepOpen.Milliseconds())
	return err
}

// endUncertain ends jobs that may have been delivered and must not go out twice.
func (c *claim) endUncertain(numbers []int64) error {
	n, err := c.txn.Change(c.r.number, numbers, uncertain(c.txn.Now()))
	c.countDead(Uncertain, n)
	return err
}

// uncertain is the end of what a process was sending when it died.
func uncertain(now int64) jobstore.Change {
	return jobstore.Change{
		Stage: jobstore.StageDead, Due: now, Tried: true, Cause: string(Uncertain),
		Error: "the process that was sending it died before it knew the outcome",
	}
}
