package jobstore

import (
	"cmp"
	"math"
	"slices"
)

// An about is what an incident is found by.
type about struct {
	escalation int64
	problem    Hash
}

// incidentMemory is what a memoryStore holds of incidents. They are never changed,
// only replaced.
type incidentMemory struct {
	list map[about]Incident
	refs map[Reference]bool
}

func newIncidentMemory() incidentMemory {
	return incidentMemory{list: make(map[about]Incident), refs: make(map[Reference]bool)}
}

func (t *memoryTxn) Incidents(escalation int64, problems []Hash) (some []Incident, err error) {
	for _, p := range unique(problems) {
		if in, ok := t.incident.list[about{escalation, p}]; ok {
			some = append(some, in)
		}
	}
	return some, nil
}

// some returns the incidents that are wanted, in order, up to a limit.
func (t *memoryTxn) some(limit int, order func(a, b Incident) int, wanted func(*Incident) bool) ([]Incident, error) {
	var some []Incident
	for _, in := range t.incident.list {
		if wanted(&in) {
			some = append(some, in)
		}
	}
	slices.SortFunc(some, order)
	return some[:min(limit, len(some))], nil
}

func byID(a, b Incident) int { return cmp.Compare(a.ID, b.ID) }

func (t *memoryTxn) IncidentsDue(escalation int64, limit int) ([]Incident, error) {
	return t.some(limit, func(a, b Incident) int { return cmp.Or(cmp.Compare(a.Due, b.Due), byID(a, b)) },
		func(in *Incident) bool { return in.Escalation == escalation && in.Due <= t.at })
}

func (t *memoryTxn) IncidentsByReference(escalation int64, ref Hash) ([]Incident, error) {
	return t.some(len(t.incident.list), byID, func(in *Incident) bool {
		return in.Escalation == escalation && t.incident.refs[Reference{ref, in.ID}]
	})
}

func (t *memoryTxn) IncidentsAfter(escalation, after int64, limit int) ([]Incident, error) {
	return t.some(limit, byID, func(in *Incident) bool { return in.Escalation == escalation && in.ID > after })
}

func (t *memoryTxn) PutIncidents(list []Incident) error {
	for i := range list {
		key := about{list[i].Escalation, list[i].Problem}
		before, known := t.incident.list[key]
		t.undo = append(t.undo, func() {
			if t.incident.list[key] = before; !known {
				delete(t.incident.list, key)
			}
		})
		t.incident.list[key] = list[i]
	}
	return nil
}

func (t *memoryTxn) AddReferences(refs []Reference) error {
	for _, r := range refs {
		if t.incident.refs[r] {
			continue
		}
		t.undo = append(t.undo, func() { delete(t.incident.refs, r) })
		t.incident.refs[r] = true
	}
	return nil
}

func (t *memoryTxn) RecallIncidents(escalation int64) error {
	late, _ := t.some(len(t.incident.list), byID, func(in *Incident) bool {
		return in.Escalation == escalation && in.Due > t.at && in.Due < math.MaxInt64
	})
	for i := range late {
		late[i].Due = t.at
	}
	return t.PutIncidents(late)
}

func (t *memoryTxn) ForgetIncidents(limit int) (int, error) {
	old, _ := t.some(limit, byID, func(in *Incident) bool { return in.Until < t.at })
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
