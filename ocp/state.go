package ocp

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Remember drops alerts that the wrapped Sender accepted already within the
// window before now, in this process or in another one: what it accepted is
// noted in the file at path. Use it where each alert is a process of its own,
// as the script of an OCP channel is: OCP runs that anew every one to three
// minutes while an alarm lasts, and once more after a failure. In a process
// that stays, [alert.Dedup] does the same without a file.
//
// An alert is dropped if the last one accepted with its Source and Key had the
// same ID, Status and Severity, or, if it has no Key or is news, if one with its
// Source and ID was accepted. Tests are apart from what is real. So a recovery,
// another level and a new beginning pass, and what has neither Key nor ID always
// does. A dropped alert counts as accepted and does not prolong the window. A
// window of zero or less switches Remember off.
//
// Only what was accepted is noted, alert by alert. Give each destination a file
// of its own, always with the same window: then a repetition after a failure reaches those that missed the
// alert, and nobody else. Two processes that handle the same alert at the same
// moment both send it, since no process waits for the delivery of another.
//
// The file never costs an alert. It may be missing, and one that is damaged,
// too large, or writable by others counts as empty; where it cannot be written
// the alert has been sent all the same, and its repetition will be too. Such
// trouble goes to log as a warning that names no path; nil is silence.
//
// The file holds hashes and times, at most 4096 entries of 80 bytes, the
// newest, and only of the window; it is readable by its owner alone. It is
// replaced as a whole, so that reading needs no lock. Writers take turns by
// a second file with the suffix .lock, which one waits half a second for, and
// which counts as left behind after ten seconds. Both must be on a local disk,
// in a directory that only their owner can write to.
func Remember(path string, window time.Duration, log *slog.Logger) alert.Middleware {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return func(next alert.Sender) alert.Sender {
		if window <= 0 {
			return next
		}
		return &rememberer{next: next, file: stateFile{path: path, window: window}, log: log}
	}
}

// A rememberer is the Sender behind Remember.
type rememberer struct {
	next alert.Sender
	file stateFile
	log  *slog.Logger
}

// Send passes on the alerts that are news.
func (r *rememberer) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	known, err := r.file.read()
	if err != nil {
		r.warn(ctx, "state not read: alerts may be told again", err)
	}
	news := make([]int, 0, len(alerts)) // indices
	for i := range alerts {
		if s := sightingOf(&alerts[i]); s.subject == "" || !known.has(s) {
			news = append(news, i)
		}
	}
	if len(news) == 0 {
		return nil
	}
	told := alerts
	if len(news) < len(alerts) {
		told = make([]alert.Alert, len(news))
		for k, i := range news {
			told[k] = alerts[i]
		}
	}
	err = r.next.Send(ctx, told...)
	r.note(ctx, told, err)
	if err == nil || len(told) == len(alerts) {
		return err
	}
	errs := make([]error, len(alerts))
	for k, i := range news {
		errs[i] = alert.ErrorAt(err, k, len(told))
	}
	return alert.Partial(errs)
}

// note writes down what was accepted. The caller's context may have ended just
// then, which is no reason to tell everything again.
func (r *rememberer) note(ctx context.Context, told []alert.Alert, err error) {
	var accepted []sighting
	for i := range told {
		s := sightingOf(&told[i])
		if s.subject != "" && alert.ErrorAt(err, i, len(told)) == nil {
			accepted = append(accepted, s)
		}
	}
	if len(accepted) == 0 {
		return
	}
	if err := r.file.add(context.WithoutCancel(ctx), accepted); err != nil {
		r.warn(ctx, "state not written: alerts will be told again", err)
	}
}

// warn logs trouble with the file.
func (r *rememberer) warn(ctx context.Context, message string, err error) {
	r.log.LogAttrs(ctx, slog.LevelWarn, message, slog.String("error", "ocp: remember: "+err.Error()))
}

// A sighting is what is remembered of an alert: what it is about, and what it
// says of that, as hashes.
type sighting struct{ subject, event string }

// sightingOf returns the sighting of an alert; its subject is empty if the
// alert has no identity.
func sightingOf(a *alert.Alert) sighting {
	event := hashOf(a.ID, a.Status.String(), a.Severity.String())
	kind := ""
	if a.Test {
		kind = "test "
	}
	switch {
	case a.Key != "" && a.Status != alert.News:
		return sighting{hashOf(kind+"key", a.Source, a.Key), event}
	case a.ID != "":
		return sighting{hashOf(kind+"id", a.Source, a.ID), event}
	}
	return sighting{}
}
