package jobstore

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

const jobColumns = 11

func (t *sqlTxn) Add(jobs []Job) error {
	for len(jobs) > 0 {
		n, size := 0, 0
		for n < len(jobs) && n < rowsAtOnce && (n == 0 || size+len(jobs[n].Doc) <= bytesAtOnce) {
			size += len(jobs[n].Doc)
			n++
		}
		n = t.portion(n)
		args := make([]any, 0, n*jobColumns)
		for i := range jobs[:n] {
			args = append(args, jobs[i].row()...)
		}
		if _, err := t.tx.Exec(t.ctx, fmt.Sprintf(sqlAddJobs, tuples(n, jobColumns)), args...); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// row returns the columns of a job, in the order of the statements. Texts are
// written as bytes, so that no collation and no encoding can object.
func (j *Job) row() []any {
	return []any{
		j.Number, j.Route, int(j.Stage), int(j.Lane), j.Due, j.Accepted, j.Attempts, j.Problem.column(), j.Cause, []byte(j.Error), j.Doc,
	}
}

// column returns a hash as an argument; there may be none.
func (h Hash) column() any {
	if h == "" {
		return nil
	}
	return []byte(h)
}

// read runs a query for jobs.
func (t *sqlTxn) read(query string, args ...any) ([]Job, error) {
	return t.readUpTo(math.MaxInt, query, args...)
}

// errEnough ends reading.
var errEnough = errors.New("enough")

// readUpTo is read, but it stops once it has so many bytes of alerts.
func (t *sqlTxn) readUpTo(most int, query string, args ...any) (jobs []Job, err error) {
	size := 0
	err = t.rows(query, args, func(scan func(...any) error) error {
		if size >= most {
			return errEnough
		}
		var j Job
		var problem, text []byte
		err := scan(&j.Number, &j.Route, &j.Stage, &j.Lane, &j.Due, &j.Accepted, &j.Attempts, &j.Limit, &j.Crashes,
			&problem, &j.Cause, &text, &j.Doc, &j.Held)
		if err != nil {
			return err
		}
		j.Problem, j.Error = Hash(problem), string(text)
		jobs, size = append(jobs, j), size+len(j.Doc)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return jobs, err
}

func (t *sqlTxn) Due(route int64, limit int) ([]Job, error) {
	low, now := t.low(route), t.Now()
	query := sqlDue
	if t.tx.Dialect() == sqldb.SQLite {
		query = sqlDueSQLite
	}
	return t.readUpTo(bytesAtOnce, query, low, route, low, now, low, now, limit, route, low, now, low, now, limit, limit)
}

func (t *sqlTxn) Free(route int64, limit int) ([]Job, error) {
	low, now := t.low(route), t.Now()
	return t.readUpTo(bytesAtOnce, sqlFree, route, low, now, low, now, low, limit)
}

func (t *sqlTxn) Before(route int64, held []Job, limit int) (all []Job, err error) {
	last := make(map[Hash]int64)
	for i := range held {
		last[held[i].Problem] = held[i].Number
	}
	most := int64(math.MaxInt64) // up to which all are known
	for chunk := range slices.Chunk(slices.Collect(maps.Keys(last)), rowsAtOnce) {
		var args []any
		for _, p := range chunk {
			args = append(args, route, []byte(p), t.low(route), last[p])
		}
		each := strings.TrimSuffix(strings.Repeat(sqlOneBefore+" OR ", len(chunk)), " OR ")
		some, err := t.readUpTo(bytesAtOnce, fmt.Sprintf(sqlBefore, each), append(args, limit)...)
		if err != nil {
			return nil, err
		}
		if sizeOf(some) >= bytesAtOnce {
			most = min(most, some[len(some)-1].Number)
		}
		all = append(all, some...)
	}
	all = slices.DeleteFunc(all, func(j Job) bool { return j.Number > most })
	return firstOf(all, limit), nil
}

func (t *sqlTxn) Jobs(route int64, numbers []int64) (all []Job, err error) {
	for chunk := range slices.Chunk(numbers, rowsAtOnce) {
		some, err := t.read(fmt.Sprintf(sqlSomeJobs, sqldb.Marks(len(chunk))), append([]any{route}, anys(chunk)...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (t *sqlTxn) List(route int64, dead bool, after int64, limit int) ([]Job, error) {
	if !dead {
		return t.read(sqlListOpen, route, after, limit)
	}
	var all []Job
	for _, l := range [...]Lane{LaneUrgent, LaneRest} {
		some, err := t.read(sqlListDead, route, int(l), after, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return firstOf(all, limit), nil
}

func (t *sqlTxn) Count(route int64, s Stage) (c Count, err error) {
	var m mark
	if known := t.marks[route]; known != nil {
		m = *known
	}
	if c.Jobs = int(m.jobs[s]); s == StageDead {
		m.low = 0
	}
	for _, l := range [...]Lane{LaneUrgent, LaneRest} {
		var some int
		var first int64
		err := t.tx.Row(t.ctx, sqlTail, route, int(s), int(l), m.counted, maxCount).Scan(&some, new(int64))
		if err == nil {
			err = t.tx.Row(t.ctx, sqlOldest, route, int(s), int(l), m.low, oldestOf).Scan(&first)
		}
		if err != nil {
			return Count{}, err
		}
		c.add(some, first, some == maxCount)
	}
	return c, nil
}

func (t *sqlTxn) Move(route int64, numbers []int64, to int64) (int, error) {
	from, err1 := t.held(route)
	other, err2 := t.held(to)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	n, err := exec(t, sqlMove, numbers, to, t.Now(), t.Now(), []byte{}, route)
	from.count(StageReady, numbers, n, -1)
	other.count(StageReady, numbers, n, 1)
	other.lower(numbers...)
	return n, err
}

func (t *sqlTxn) Change(route int64, numbers []int64, c Change) (n int, err error) {
	if !c.Fresh && c.Stage == StageReady { // as before
		return exec(t, sqlChange, numbers, int(c.Stage), c.Due, c.Limit, ones(c.Tried), ones(c.Crashed), c.Cause, []byte(c.Error))
	}
	m, err := t.held(route)
	if err != nil {
		return 0, err
	}
	if c.Fresh {
		n, err = exec(t, sqlRefresh, numbers, int(c.Stage), c.Due, c.Limit, t.Now(), c.Cause, []byte(c.Error))
		m.count(StageDead, numbers, n, -1)
		m.count(StageReady, numbers, n, 1)
		m.lower(numbers...)
		return n, err
	}
	n, err = exec(t, sqlChange, numbers, int(c.Stage), c.Due, c.Limit, ones(c.Tried), ones(c.Crashed), c.Cause, []byte(c.Error))
	if err != nil {
		return n, err
	}
	m.count(StageReady, numbers, n, -1)
	m.count(StageDead, numbers, n, 1)
	return n, t.raise(route, m, numbers)
}

func (t *sqlTxn) Remove(route int64, numbers []int64) (int, error) {
	m, err := t.held(route)
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	n, err := exec(t, sqlRemove, numbers)
	if err != nil {
		return n, err
	}
	m.count(StageReady, numbers, n, -1)
	return n, t.raise(route, m, numbers)
}

func (t *sqlTxn) RemoveDead(route int64, numbers []int64) (int, error) {
	m, err := t.held(route)
	if err != nil {
		return 0, err
	}
	n, err := exec(t, sqlRemove, numbers)
	m.count(StageDead, numbers, n, -1)
	return n, err
}

func (t *sqlTxn) Recall(route, after int64) (int, error) {
	m, err := t.held(route)
	if err != nil {
		return 0, err
	}
	m.lower(0)
	m.forget()
	n, err := t.tx.Exec(t.ctx, sqlRecall, t.Now(), route, after)
	return int(n), err
}

// faded reads a column of what is to be forgotten.
func faded[T any](t *sqlTxn, query string, args ...any) (list []T, err error) {
	err = t.rows(query, args, func(scan func(...any) error) error {
		var v T
		err := scan(&v)
		list = append(list, v)
		return err
	})
	return list, err
}

func (t *sqlTxn) ForgetSeen(limit int) (int, error) {
	events, err := faded[[]byte](t, sqlFadedSeen, t.Now(), limit)
	if err != nil {
		return 0, err
	}
	if _, err := exec(t, sqlForgetSeen, events); err != nil {
		return 0, err
	}
	return len(events), nil
}

func (t *sqlTxn) ForgetDead(route, before int64, limit int) (int, error) {
	numbers, err := faded[int64](t, sqlFadedDead, route, before, limit)
	if err != nil {
		return 0, err
	}
	return t.RemoveDead(route, numbers)
}
