package outbox

import (
	"cmp"
	"slices"
)

// An about is what an incident is found by.
type about struct {
	escalation int64
	problem    hash
}

// incidentMemory is what a memoryStore holds of incidents. They are never changed,
// only replaced.
type incidentMemory struct {
	list map[about]incident
	refs map[reference]bool
}

func newIncidentMemory() incidentMemory {
	return incidentMemory{list: make(map[about]incident), refs: make(map[reference]bool)}
}

// clone returns an incident that shares nothing that anybody changes.
func (in incident) clone() incident {
	in.Calls = slices.Clone(in.Calls)
	return in
}

func (t *memoryTxn) incidents(escalation int64, problems []hash) (some []incident, err error) {
	for _, p := range problems {
		if in, ok := t.incident.list[about{escalation, p}]; ok {
			some = append(some, in.clone())
		}
	}
	return some, nil
}

// some returns the incidents that are wanted, in order, up to a limit.
func (t *memoryTxn) some(limit int, order func(a, b incident) int, wanted func(*incident) bool) ([]incident, error) {
	var some []incident
	for _, in := range t.incident.list {
		if wanted(&in) {
			some = append(some, in)
		}
	}
	slices.SortFunc(some, order)
	some = some[:min(limit, len(some))]
	for i := range some {
		some[i] = some[i].clone()
	}
	return some, nil
}

func byID(a, b incident) int { return cmp.Compare(a.ID, b.ID) }

func (t *memoryTxn) incidentsDue(escalation int64, limit int) ([]incident, error) {
	return t.some(limit, func(a, b incident) int { return cmp.Or(cmp.Compare(a.Due, b.Due), byID(a, b)) },
		func(in *incident) bool { return in.Escalation == escalation && in.Due <= t.at })
}

func (t *memoryTxn) incidentsByReference(escalation int64, ref hash) ([]incident, error) {
	return t.some(len(t.incident.list), byID, func(in *incident) bool {
		return in.Escalation == escalation && t.incident.refs[reference{ref, in.ID}]
	})
}

func (t *memoryTxn) incidentsAfter(escalation, after int64, limit int) ([]incident, error) {
	return t.some(limit, byID, func(in *incident) bool { return in.Escalation == escalation && in.ID > after })
}

func (t *memoryTxn) putIncidents(list []incident) error {
	for i := range list {
		key := about{list[i].Escalation, list[i].Problem}
		before, known := t.incident.list[key]
		t.undo = append(t.undo, func() {
			if t.incident.list[key] = before; !known {
				delete(t.incident.list, key)
			}
		})
		t.incident.list[key] = list[i].clone()
	}
	return nil
}

func (t *memoryTxn) addReferences(refs []reference) error {
	for _, r := range refs {
		if t.incident.refs[r] {
			continue
		}
		t.undo = append(t.undo, func() { delete(t.incident.refs, r) })
		t.incident.refs[r] = true
	}
	return nil
}

func (t *memoryTxn) forgetIncidents(limit int) (int, error) {
	old, _ := t.some(limit, byID, func(in *incident) bool { return in.Until < t.at })
	for i := range old {
		key := about{old[i].Escalation, old[i].Problem}
		t.undo = append(t.undo, func() { t.incident.list[key] = old[i] })
		delete(t.incident.list, key)
		_ = t.removeReferences([]int64{old[i].ID}) // always nil
	}
	return len(old), nil
}

func (t *memoryTxn) removeReferences(incidents []int64) error {
	if len(incidents) == 0 {
		return nil
	}
	for r := range t.incident.refs {
		if slices.Contains(incidents, r.Incident) {
			t.undo = append(t.undo, func() { t.incident.refs[r] = true })
			delete(t.incident.refs, r)
		}
	}
	return nil
}
