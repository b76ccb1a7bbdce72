package escalate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
	"github.com/tocsin-go/tocsin/internal/markup"
)

const (
	maxBy        = 100 // bytes of a name
	newsID       = "escalation/"
	maxIncidents = 500 // in one answer
)

// Acknowledge says that somebody has taken what a message was about, all of it or the
// incidents with the numbers given: no further step is taken, what rings is called off,
// and the first steps are told. The token is one of Step.Link, see [Escalation.Handler];
// the id of a call is none. It returns the incidents of the message as they are now:
// whoever took one before keeps it, and what is over stays so.
//
// It returns when that is committed, and is safe to repeat. Errors are of the
// type *[Error]; one that matches [ErrUnknownReference] is not retryable, but for
// the moment between a message and its commit.
func (e *Escalation) Acknowledge(ctx context.Context, token, by string, numbers ...int64) ([]Incident, error) {
	if !isToken(token) {
		return nil, failure(ctx, "acknowledge", ErrUnknownReference)
	}
	return e.take(ctx, hashOfToken(token), by, numbers)
}

// AcknowledgeCall is Acknowledge by what a Sender told [TrackReference], such as the id of
// a telephone call. Such an id is no secret: call it with what the telephone service has
// proven, such as a webhook with a secret of its own, and never with what a stranger sends.
func (e *Escalation) AcknowledgeCall(ctx context.Context, reference, by string) ([]Incident, error) {
	return e.take(ctx, hashOfCall(reference), by, nil)
}

func (e *Escalation) take(ctx context.Context, ref jobstore.Hash, by string, numbers []int64) ([]Incident, error) {
	by = cleanName(by)
	list, err := e.change(ctx, ref, func(r *result, in *incident, now int64) {
		if len(numbers) == 0 || slices.Contains(numbers, in.ID) {
			e.acknowledge(r, in, by, now)
		}
	})
	if err != nil {
		return nil, failure(ctx, "acknowledge", err)
	}
	return list, nil
}

// acknowledge records who took an incident, unless somebody has, or it is over.
func (e *Escalation) acknowledge(r *result, in *incident, by string, now int64) {
	if !in.waits() {
		return
	}
	in.By = by
	if latest, err := jobstore.Decode(in.Alert); err == nil {
		in.Worst = latest.Severity // it may have been worse, which is not what was taken
	}
	in.become(Acknowledged, now, by)
	r.jobs = append(r.jobs, e.news(in, string(Acknowledged), fmt.Sprintf(wordsOf(e.opts.Locale).taken, by), alert.News, "", now)...)
}

// cleanName makes a name that can stand in a line.
func cleanName(by string) string {
	by = strings.Join(strings.FieldsFunc(markup.Visible(by), func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
	return cmp.Or(cut(by, maxBy), "?")
}

// cut returns the first bytes of a text, and no part of a character.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	for !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes]
}

// change changes the incidents of a reference by f.
func (e *Escalation) change(ctx context.Context, ref jobstore.Hash, f func(r *result, in *incident, now int64)) (after []Incident, err error) {
	if err := e.host.Enroll(ctx); err != nil {
		return nil, err
	}
	var r result
	err = e.host.Store.Locked(ctx, func(t jobstore.Txn) error {
		r, after = result{}, nil
		if _, err := t.Lock(e.host.Number()); err != nil {
			return err
		}
		list, err := readAll(t.IncidentsByReference(e.host.Number(), ref))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ErrUnknownReference
		}
		for i := range list {
			f(&r, &list[i], t.Now())
			e.schedule(&list[i], t.Now())
			after = append(after, list[i].show())
		}
		if err := e.enqueue(t, r.jobs); err != nil {
			return err
		}
		return put(t, list)
	})
	if err == nil {
		e.report(ctx, &r)
	}
	return after, err
}

// IncidentsByToken returns the incidents that the message with a token of Step.Link was
// about.
func (e *Escalation) IncidentsByToken(ctx context.Context, token string) (list []Incident, err error) {
	if !isToken(token) {
		return nil, failure(ctx, "look up", ErrUnknownReference)
	}
	return e.read(ctx, "look up", func(t jobstore.Txn) ([]jobstore.Incident, error) {
		rows, err := t.IncidentsByReference(e.host.Number(), hashOfToken(token))
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

// news returns the jobs that tell the first steps, but for one, something about an
// incident. The tag tells such news apart.
func (e *Escalation) news(in *incident, tag, text string, status alert.Status, except string, now int64) (jobs []jobstore.Job) {
	about, _ := jobstore.Decode(in.Alert)
	about.ID, about.Key = fmt.Sprintf("%s%d/%s", newsID, in.ID, tag), ""
	about.Status, about.Summary = status, text
	l, err := jobstore.Encode(&about)
	if e.opts.Quiet || err != nil { // of an alert that was kept there is none
		return nil
	}
	for _, s := range e.steps[:e.atOnce()] {
		if s.Name != except {
			jobs = append(jobs, in.job(s.host.Number(), l.Doc, now))
		}
	}
	return jobs
}
