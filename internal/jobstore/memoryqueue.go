package jobstore

import (
	"cmp"
	"slices"
	"sort"
)

// A queue holds the jobs of one route in memory. They are never changed, only
// replaced.
type queue struct {
	places   [StageDead + 1][LaneRest + 1][]*Job // by stage and lane, each by number
	problems map[Hash][]*Job                     // those that are not dead, likewise
}

func newQueue() *queue { return &queue{problems: make(map[Hash][]*Job)} }

// find returns the place of a number in sorted jobs.
func find(jobs []*Job, number int64) (int, bool) {
	return slices.BinarySearchFunc(jobs, number, func(j *Job, n int64) int { return cmp.Compare(j.Number, n) })
}

// with returns jobs with one more in its place.
func with(jobs []*Job, j *Job) []*Job {
	at, _ := find(jobs, j.Number)
	return slices.Insert(jobs, at, j)
}

// without returns jobs without one. It moves what is before it if that is less:
// usually the first ones go.
func without(jobs []*Job, number int64) []*Job {
	at, found := find(jobs, number)
	switch {
	case !found:
		return jobs
	case at > len(jobs)/2:
		return slices.Delete(jobs, at, at+1)
	}
	copy(jobs[1:at+1], jobs[:at])
	jobs[0] = nil
	return jobs[1:]
}

// insert puts a job in its place.
func (q *queue) insert(j *Job) {
	side := &q.places[j.Stage][j.Lane]
	*side = with(*side, j)
	if j.Problem != "" && j.Stage != StageDead {
		q.problems[j.Problem] = with(q.problems[j.Problem], j)
	}
}

// job returns a job, or nil.
func (q *queue) job(number int64) *Job {
	for s := range q.places {
		for _, side := range q.places[s] {
			if at, found := find(side, number); found {
				return side[at]
			}
		}
	}
	return nil
}

// take takes a job out and returns it, or nil.
func (q *queue) take(number int64) *Job {
	j := q.job(number)
	if j == nil {
		return nil
	}
	side := &q.places[j.Stage][j.Lane]
	*side = without(*side, number)
	if rest := without(q.problems[j.Problem], number); len(rest) > 0 {
		q.problems[j.Problem] = rest
	} else {
		delete(q.problems, j.Problem)
	}
	return j
}

// sides returns the places of the dead, or of all others.
func (q *queue) sides(dead bool) (all []*[]*Job) {
	for s := range q.places {
		for l := range q.places[s] {
			if (Stage(s) == StageDead) == dead {
				all = append(all, &q.places[s][l])
			}
		}
	}
	return all
}

// list returns jobs with a number greater than after.
func (q *queue) list(dead bool, after int64, limit int) (some []Job) {
	for _, side := range q.sides(dead) {
		from := sort.Search(len(*side), func(i int) bool { return (*side)[i].Number > after })
		for _, j := range (*side)[from:min(len(*side), from+limit)] {
			some = append(some, *j)
		}
	}
	return firstOf(some, limit)
}

// due adds to some, up to a limit, the jobs of a lane that are due. Of
// each Problem it looks at every job once: the numbers only grow.
func (q *queue) due(some []Job, l Lane, now int64, limit int, held bool) []Job {
	histories, size := make(map[Hash]*history), sizeOf(some)
	for _, j := range q.places[StageReady][l] {
		if len(some) >= limit || size >= bytesAtOnce {
			break
		}
		if j.Due > now {
			continue
		}
		found := *j
		if j.Problem != "" {
			h := histories[j.Problem]
			if h == nil {
				h = &history{left: q.problems[j.Problem]}
				histories[j.Problem] = h
			}
			h.forward(j.Number, now)
			found.Held = l == LaneUrgent && h.rest
			if h.blocked || found.Held && !held {
				continue
			}
		}
		some, size = append(some, found), size+len(found.Doc)
	}
	return some
}

// A history is what stands before a job of a Problem.
type history struct {
	left    []*Job
	blocked bool // by one of them, as blocks says
	rest    bool // one of them is in LaneRest
}

// forward goes on to a number.
func (h *history) forward(number, now int64) {
	for ; !h.blocked && len(h.left) > 0 && h.left[0].Number < number; h.left = h.left[1:] {
		h.blocked = h.blocked || blocks(h.left[0], now)
		h.rest = h.rest || h.left[0].Lane == LaneRest
	}
}
