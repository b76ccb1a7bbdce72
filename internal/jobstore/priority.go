package jobstore

import (
	"cmp"
	"slices"
)

// Next returns up to limit jobs that are to go out now, in the order
// in which the Sender gets them: the urgent ones first, then those that an urgent
// one of their Problem has to wait for, with it, then the rest. Each Problem's are
// in the order of their numbers and none is left out between two of them, wherever
// the limit cuts:
//
//   - An urgent job that is not held is due, and so are the urgent ones before it.
//   - Of the held ones and what they wait for the first by number are taken. What
//     is before one of those has a smaller number, and so it is taken too.
//   - The rest gets what room is left when all those are taken.
//
// The store may cut each list at bytesAtOnce, which is as if the limit were smaller.
// Only of the held ones it must be known that nothing before them was cut off.
//
// A problem with a long history holds up its own urgent alert by that, and no
// other.
func Next(t Txn, route int64, limit int) ([]Job, error) {
	jobs, err := t.Due(route, limit)
	if err != nil {
		return nil, err
	}
	var batch, held, rest []Job
	for i := range jobs {
		switch j := jobs[i]; {
		case j.Held:
			held = append(held, j)
		case j.Lane == LaneUrgent:
			batch = append(batch, j)
		default:
			rest = append(rest, j)
		}
	}
	if len(held) == 0 {
		return jobs, nil
	}
	full := len(jobs) == limit || sizeOf(jobs) >= bytesAtOnce
	if full && len(rest) == 0 { // there may be others behind them
		if batch, err = t.Free(route, limit); err != nil {
			return nil, err
		}
	}
	earlier, err := t.Before(route, held, limit)
	if err != nil {
		return nil, err
	}
	taken := make(map[int64]bool, len(earlier))
	for i := range earlier {
		taken[earlier[i].Number] = true
	}
	if sizeOf(earlier) >= bytesAtOnce { // only up to the last one is it known what is before
		last := earlier[len(earlier)-1].Number
		held = slices.DeleteFunc(held, func(j Job) bool { return j.Number > last })
		rest = nil
	}
	batch = append(batch, firstOf(append(held, earlier...), limit-len(batch))...)
	for i := range rest {
		if len(batch) < limit && !taken[rest[i].Number] {
			batch = append(batch, rest[i])
		}
	}
	return batch, nil
}

// sizeOf returns the bytes of the alerts.
func sizeOf(jobs []Job) (n int) {
	for i := range jobs {
		n += len(jobs[i].Doc)
	}
	return n
}

// firstOf sorts jobs by number and returns the first ones.
func firstOf(jobs []Job, limit int) []Job {
	slices.SortFunc(jobs, func(a, b Job) int { return cmp.Compare(a.Number, b.Number) })
	return jobs[:min(len(jobs), limit)]
}
