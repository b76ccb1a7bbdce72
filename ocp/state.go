package ocp

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// Remember drops alerts that the wrapped Sender accepted already within the
// window before now, in this process or in another one: what it accepted is
// noted in the file at path. Use it where each alert is a process of its own,
// as with the script of an OCP channel; elsewhere use [alert.Dedup].
//
// An alert is dropped if the last one accepted with its Source and Key had the
// same ID, Status and Severity, or, if it has no Key or is news, if one with its
// Source and ID was accepted. Tests are apart from what is real. What has neither
// Key nor ID always passes. A window of zero or less switches Remember off.
//
// It notes each alert that was accepted, and each that must not be repeated: one
// whose error matches [alert.ErrUncertain] and is not retryable, such as
// that of a phone call that may have been placed. Give each destination a file
// of its own, always with the same window: then a repetition after a failure
// reaches those that missed the alert, and nobody else. Two processes that handle
// the same alert at the same moment both send it.
//
// The file never costs an alert. One that is damaged, too large, or writable by
// others counts as empty; where it cannot be written, as its directory is missing
// for example, the alert is sent all the same, and its repetition will be too. Such
// trouble is added as a last line to the Summary of what is sent, and stands as
// warning in the answer of [Main]. It names no path.
//
// The file holds hashes and times, at most 4096 entries of 80 bytes. It is replaced
// as a whole, under a lock on its directory, for which a writer waits 0.9 s. That
// must be on a local disk, and one that only the owner can write to.
func Remember(path string, window time.Duration) alert.Middleware {
	return func(next alert.Sender) alert.Sender {
		if window <= 0 {
			return next
		}
		return &rememberer{next: next, file: stateFile{path: path, window: window}}
	}
}

// A rememberer is the Sender behind Remember.
type rememberer struct {
	next alert.Sender
	file stateFile
}

// Send passes on the alerts that are news.
func (r *rememberer) Send(ctx context.Context, alerts ...alert.Alert) error {
	known, trouble := r.file.read()
	news := make([]int, 0, len(alerts)) // indices
	for i := range alerts {
		if s := sightingOf(&alerts[i]); s.subject == "" || known[s.subject].event != s.event {
			news = append(news, i)
		}
	}
	if len(news) == 0 {
		warn(ctx, trouble)
		return nil
	}
	if trouble == nil {
		trouble = r.file.probe()
	}
	told := make([]alert.Alert, len(news))
	for k, i := range news {
		told[k] = alerts[i]
		if trouble != nil {
			told[k].Summary = strings.TrimPrefix(told[k].Summary+"\n"+footOf(trouble), "\n")
		}
	}
	err := r.next.Send(ctx, told...)
	if failed := r.note(ctx, told, err); failed != nil {
		trouble = failed
	}
	warn(ctx, trouble)
	errs := make([]error, len(alerts))
	for k, i := range news {
		errs[i] = alert.ErrorAt(err, k, len(told))
	}
	return alert.Partial(errs)
}

// footOf says in both languages, since no locale is known here, what the reader
// of a repetition will want to know.
func footOf(trouble error) string {
	return "状态文件不可用，持续的告警会重复发送 (state file: " + trouble.Error() + "; an alarm that lasts is told again)"
}

// note writes down what was accepted, and what must not be repeated.
func (r *rememberer) note(ctx context.Context, told []alert.Alert, err error) error {
	var done []sighting
	for i := range told {
		s, e := sightingOf(&told[i]), alert.ErrorAt(err, i, len(told))
		if s.subject != "" && (e == nil || errors.Is(e, alert.ErrUncertain) && !alert.Retryable(e)) {
			done = append(done, s)
		}
	}
	if len(done) == 0 {
		return nil
	}
	return r.file.add(context.WithoutCancel(ctx), done) // the caller's time may be over just now
}

// A sighting is what is remembered of an alert: what it is about, and what it
// says of that, as hashes. The subject is empty if the alert has no identity.
type sighting struct{ subject, event string }

func sightingOf(a *alert.Alert) (s sighting) {
	kind := ""
	if a.Test {
		kind = "test "
	}
	switch {
	case a.Key != "" && a.Status != alert.News:
		s.subject = inbound.Digest(kind+"key", a.Source, a.Key)
	case a.ID != "":
		s.subject = inbound.Digest(kind+"id", a.Source, a.ID)
	}
	s.event = inbound.Digest(a.ID, a.Status.String(), a.Severity.String())
	return s
}
