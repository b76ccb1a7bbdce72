package escalate

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	maxBy        = 100 // bytes of a name
	newsID       = "escalation/"
	maxIncidents = 500 // in one answer
)

// Acknowledge says that somebody has taken all that a message was about: no
// further step is taken, what rings is called off, and the first steps are told.
// The reference is a token of Step.Link, or what a Sender told [TrackReference], such as
// the id of a telephone call whose webhook came. It returns the incidents as they
// are now: whoever took one before keeps it, and what is over stays so.
//
// It returns when that is committed, and is safe to repeat. Errors are of the
// type *[Error]; one that matches [ErrUnknownReference] is not retryable, but for
// the moment between a message and its commit.
func (e *Escalation) Acknowledge(ctx context.Context, reference, by string) ([]Incident, error) {
	list, err := e.change(ctx, reference, cleanName(by), func(*incident) {})
	if err != nil {
		return nil, failure(ctx, "acknowledge", err)
	}
	return list, nil
}

// cleanName makes a name that can stand in a line.
func cleanName(by string) string {
	by = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(by, "�"), func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
	if len(by) > maxBy {
		end := maxBy
		for !utf8.RuneStart(by[end]) {
			end--
		}
		by = by[:end]
	}
	if by == "" {
		return "?"
	}
	return by
}

// change changes the incidents of a reference, and records who took those that
// nobody has, unless by is empty.
func (e *Escalation) change(ctx context.Context, ref, by string, f func(*incident)) (after []Incident, err error) {
	if err := e.host.Enroll(ctx); err != nil {
		return nil, err
	}
	taken := 0
	err = e.host.Store.Locked(ctx, func(t jobstore.Txn) error {
		after, taken = nil, 0
		if _, err := t.Lock(e.host.Number()); err != nil {
			return err
		}
		list, err := readAll(t.IncidentsByReference(e.host.Number(), jobstore.HashOf(ref)))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ErrUnknownReference
		}
		var news []jobstore.Job
		for i := range list {
			in := &list[i]
			f(in)
			if by != "" && in.waits() {
				in.By = by
				in.become(Acknowledged, t.Now())
				some, err := e.news(in, t.Now())
				if err != nil {
					return err
				}
				news, taken = append(news, some...), taken+1
			}
			e.schedule(in, t.Now())
			after = append(after, in.show())
		}
		if err := e.enqueue(t, news); err != nil {
			return err
		}
		return put(t, list)
	})
	if err == nil && taken > 0 {
		e.notify()
	}
	return after, err
}

// IncidentsByReference returns the incidents that a message with the reference was about.
func (e *Escalation) IncidentsByReference(ctx context.Context, reference string) (list []Incident, err error) {
	return e.read(ctx, "look up", func(t jobstore.Txn) ([]jobstore.Incident, error) {
		rows, err := t.IncidentsByReference(e.host.Number(), jobstore.HashOf(reference))
		if err == nil && len(rows) == 0 {
			err = ErrUnknownReference
		}
		return rows, err
	})
}

// Incidents lists the incidents that are not forgotten, in the order in which they
// were opened: up to limit of them, at most 500, with a Number greater than after.
func (e *Escalation) Incidents(ctx context.Context, after int64, limit int) ([]Incident, error) {
	return e.read(ctx, "list incidents", func(t jobstore.Txn) ([]jobstore.Incident, error) {
		return t.IncidentsAfter(e.host.Number(), after, min(max(limit, 1), maxIncidents))
	})
}

func (e *Escalation) read(ctx context.Context, op string, f func(jobstore.Txn) ([]jobstore.Incident, error)) (list []Incident, err error) {
	if err = e.host.Enroll(ctx); err == nil {
		err = e.host.Store.Do(ctx, func(t jobstore.Txn) error {
			rows, err := readAll(f(t))
			list = make([]Incident, len(rows))
			for i := range rows {
				list[i] = rows[i].show()
			}
			return err
		})
	}
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	return list, nil
}

// news returns the jobs that tell the first steps how an incident stands.
func (e *Escalation) news(in *incident, now int64) ([]jobstore.Job, error) {
	if e.opts.Quiet {
		return nil, nil
	}
	about, _ := jobstore.Decode(in.Alert)
	w := wordsOf(e.opts.Locale)
	text := w.exhausted
	if in.State == Acknowledged {
		text = fmt.Sprintf(w.taken, in.By)
	}
	about.ID, about.Key = fmt.Sprintf("%s%d/%s", newsID, in.ID, in.State), ""
	about.Status, about.Summary = alert.Firing, text
	l, err := jobstore.Encode(&about)
	if err != nil {
		return nil, err
	}
	var jobs []jobstore.Job
	for i := range e.atOnce() {
		jobs = append(jobs, in.job(e.steps[i].host.Number(), l.Doc, now))
	}
	return jobs, nil
}
