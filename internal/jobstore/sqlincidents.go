package jobstore

import (
	"fmt"
	"math"
	"slices"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

const (
	incidentColumns = 6

	sqlIncidents            = `SELECT i.id, i.escalation, i.problem, i.due, i.until, i.doc FROM outbox_incidents i `
	sqlIncidentsBy          = sqlIncidents + `WHERE i.escalation = ? AND i.problem IN (%s)`
	sqlIncidentsDue         = sqlIncidents + `WHERE i.escalation = ? AND i.due <= ? ORDER BY i.due, i.id LIMIT ?`
	sqlIncidentsByReference = sqlIncidents + `JOIN outbox_refs r ON r.incident = i.id WHERE r.ref = ? AND i.escalation = ? ORDER BY i.id`
	sqlIncidentsAfter       = sqlIncidents + `WHERE i.escalation = ? AND i.id > ? ORDER BY i.id LIMIT ?`
	sqlAddIncidents         = `INSERT INTO outbox_incidents (id, escalation, problem, due, until, doc) VALUES %s`
	sqlDropIncidents        = `DELETE FROM outbox_incidents WHERE escalation = ? AND problem IN (%s)`
	sqlKnownReferences      = `SELECT ref, incident FROM outbox_refs WHERE ref IN (%s)`
	sqlAddReferences        = `INSERT INTO outbox_refs (ref, incident) VALUES %s`
	sqlRecallIncidents      = `UPDATE outbox_incidents SET due = ? WHERE escalation = ? AND due > ? AND due < ?`
	sqlFadedIncidents       = `SELECT id FROM outbox_incidents WHERE until < ? ORDER BY until, id LIMIT ?`
	sqlForgetIncidents      = `DELETE FROM outbox_incidents WHERE id IN (%s)`
	sqlRemoveReferences     = `DELETE FROM outbox_refs WHERE incident IN (%s)`
)

// readIncidents runs a query for incidents.
func (t *sqlTxn) readIncidents(query string, args ...any) (list []Incident, err error) {
	err = t.rows(query, args, func(scan func(...any) error) error {
		var in Incident
		var problem []byte
		err := scan(&in.ID, &in.Escalation, &problem, &in.Due, &in.Until, &in.Doc)
		in.Problem = Hash(problem)
		if in.Doc == nil { // an empty one, of SQLite
			in.Doc = []byte{}
		}
		list = append(list, in)
		return err
	})
	return list, err
}

func (t *sqlTxn) Incidents(escalation int64, problems []Hash) (all []Incident, err error) {
	for chunk := range slices.Chunk(unique(problems), rowsAtOnce) {
		some, err := t.readIncidents(fmt.Sprintf(sqlIncidentsBy, sqldb.Marks(len(chunk))), append([]any{escalation}, anys(chunk)...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (t *sqlTxn) IncidentsDue(escalation int64, limit int) ([]Incident, error) {
	return t.readIncidents(sqlIncidentsDue, escalation, t.Now(), limit)
}

func (t *sqlTxn) IncidentsByReference(escalation int64, ref Hash) ([]Incident, error) {
	return t.readIncidents(sqlIncidentsByReference, []byte(ref), escalation)
}

func (t *sqlTxn) IncidentsAfter(escalation, after int64, limit int) ([]Incident, error) {
	return t.readIncidents(sqlIncidentsAfter, escalation, after, limit)
}

func (t *sqlTxn) PutIncidents(list []Incident) error {
	for len(list) > 0 {
		var args []any
		var problems []Hash
		size := 0
		for i := range list[:min(len(list), rowsAtOnce)] {
			in := &list[i]
			if size += len(in.Doc); i > 0 && size > bytesAtOnce {
				break
			}
			problems = append(problems, in.Problem)
			args = append(args, in.ID, in.Escalation, []byte(in.Problem), in.Due, in.Until, in.Doc)
		}
		if _, err := exec(t, sqlDropIncidents, problems, list[0].Escalation); err != nil {
			return err
		}
		if _, err := t.tx.Exec(t.ctx, fmt.Sprintf(sqlAddIncidents, tuples(len(problems), incidentColumns)), args...); err != nil {
			return err
		}
		list = list[len(problems):]
	}
	return nil
}

func (t *sqlTxn) AddReferences(refs []Reference) error {
	missing, err := t.missingReferences(refs)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(missing, rowsAtOnce) {
		args := make([]any, 0, 2*len(chunk))
		for _, r := range chunk {
			args = append(args, []byte(r.Ref), r.Incident)
		}
		if _, err := t.tx.Exec(t.ctx, fmt.Sprintf(sqlAddReferences, tuples(len(chunk), 2)), args...); err != nil {
			return err
		}
	}
	return nil
}

// missingReferences returns those of the references that are not there.
func (t *sqlTxn) missingReferences(refs []Reference) (missing []Reference, err error) {
	all := make([]Hash, len(refs))
	for i := range refs {
		all[i] = refs[i].Ref
	}
	there := make(map[Reference]bool)
	for chunk := range slices.Chunk(unique(all), rowsAtOnce) {
		err := t.rows(fmt.Sprintf(sqlKnownReferences, sqldb.Marks(len(chunk))), anys(chunk), func(scan func(...any) error) error {
			var ref []byte
			var id int64
			err := scan(&ref, &id)
			there[Reference{Ref: Hash(ref), Incident: id}] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, r := range refs {
		if !there[r] {
			there[r] = true
			missing = append(missing, r)
		}
	}
	return missing, nil
}

func (t *sqlTxn) RecallIncidents(escalation int64) error {
	_, err := t.tx.Exec(t.ctx, sqlRecallIncidents, t.Now(), escalation, t.Now(), int64(math.MaxInt64))
	return err
}

func (t *sqlTxn) ForgetIncidents(limit int) (int, error) {
	ids, err := faded[int64](t, sqlFadedIncidents, t.Now(), limit)
	if err != nil {
		return 0, err
	}
	if err := t.removeReferences(ids); err != nil {
		return 0, err
	}
	return exec(t, sqlForgetIncidents, ids)
}

func (t *sqlTxn) removeReferences(incidents []int64) error {
	_, err := exec(t, sqlRemoveReferences, incidents)
	return err
}
