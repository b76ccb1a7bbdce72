package jobstore

import (
	"slices"
)

func (t *memoryTxn) Enroll(name string) (int64, error) {
	for number, r := range t.records {
		if r.Name == name {
			return number, nil
		}
	}
	number, _ := t.Reserve(1)
	return number, t.Put(number, &RouteRecord{Name: name})
}

func (t *memoryTxn) Restore(number int64, name string, until int64) (gone bool, err error) {
	for other, r := range t.records {
		if r.Name == name && other != number {
			return false, ErrRenumbered
		}
	}
	if _, known := t.records[number]; known {
		return false, nil
	}
	return true, t.Put(number, vanished(name, t.at, until))
}

func (t *memoryTxn) Orphans() (numbers []int64, err error) {
	for number, q := range t.queues {
		if _, known := t.records[number]; !known && slices.ContainsFunc(q.places[:], func(s [LaneRest + 1][]*Job) bool { return len(s[0])+len(s[1]) > 0 }) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (t *memoryTxn) Size() (int64, error) { return 0, nil }

func (t *memoryTxn) Look(route int64) (*RouteRecord, error) {
	r, ok := t.records[route]
	if !ok {
		return nil, ErrNoRoute
	}
	r.Claimed = slices.Clone(r.Claimed)
	return &r, nil
}

func (t *memoryTxn) Lock(route int64) (*RouteRecord, error) { return t.Look(route) }

func (t *memoryTxn) Put(route int64, r *RouteRecord) error {
	before, known := t.records[route]
	t.undo = append(t.undo, func() {
		if t.records[route] = before; !known {
			delete(t.records, route)
		}
	})
	after := *r
	after.Claimed = slices.Clone(r.Claimed)
	t.records[route] = after
	return nil
}

func (t *memoryTxn) Routes() (map[int64]string, error) {
	names := make(map[int64]string)
	for number, r := range t.records {
		names[number] = r.Name
	}
	return names, nil
}
