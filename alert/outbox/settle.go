package outbox

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	settleTime   = 5 * time.Second // for one attempt to tell the store
	lastAttempts = 3               // to tell it once Run is to end
	maxErrorText = 1 << 10         // bytes
	isolateAfter = 3               // failures, while other messages pass
)

// A Cause is why an alert ended as a dead letter.
type Cause string

// The causes.
const (
	Refused    Cause = "refused"    // the channel refused it for good, also by itself
	Expired    Cause = "expired"    // it waited longer than MaxAge
	Uncertain  Cause = "uncertain"  // it may have been delivered, and must not go out twice
	Overtaken  Cause = "overtaken"  // a later alert of its Key was delivered, and this one was not
	Unreadable Cause = "unreadable" // what stands in the store is not an alert
)

// A fate is what becomes of a job after an attempt.
type fate int

const (
	fateDelivered fate = iota
	fateAgain          // later
	fateAlone          // by itself, to see which alert of a batch is at fault
	fateDead
)

// A verdict is the fate of one job.
type verdict struct {
	fate  fate
	wait  time.Duration
	asked time.Duration // for, by the far end
	cause Cause
	text  string
}

// judge decides about each alert of a message, by the error of the Sender.
func (w *worker) judge(batch []job, places []int, verdicts []verdict, err error) {
	waits := make(map[int]time.Duration) // the same chance for all: they stay together
	for k, i := range places {
		j, e := &batch[i], alert.ErrorAt(err, k, len(places))
		if e == nil {
			continue
		}
		v := verdict{text: errorText(e)}
		unsure, again := errors.Is(e, alert.ErrUncertain), alert.Retryable(e)
		switch {
		case unsure && (w.r.opts.NeverTwice || !again && !w.r.opts.Resend):
			v.fate, v.cause = fateDead, Uncertain
		case unsure || again:
			if waits[j.Attempts] == 0 {
				waits[j.Attempts] = w.backoff().after(j.Attempts + 1)
			}
			v.asked = alert.RetryAfter(e)
			v.fate, v.wait = fateAgain, max(waits[j.Attempts], v.asked)
		case len(places) > 1:
			v.fate = fateAlone
		default:
			v.fate, v.cause = fateDead, Refused
		}
		verdicts[i] = v
	}
	w.keepOrder(batch, verdicts)
}

func (w *worker) backoff() backoff {
	return backoff{first: w.r.opts.Backoff, longest: w.r.opts.MaxBackoff}
}

// keepOrder looks at alerts of one Key that were in one message. If an earlier
// one must go out once more and a later one was accepted, the last word at the
// far end would be the older one: a firing after its recovery. So the later one
// goes out once more too. Where that must not be, the earlier one ends.
func (w *worker) keepOrder(batch []job, verdicts []verdict) {
	waiting := make(map[hash][]int)
	for i := range batch {
		p, v := batch[i].Problem, &verdicts[i]
		if p == "" || v.fate == fateDead {
			continue
		}
		if v.fate != fateDelivered {
			waiting[p] = append(waiting[p], i)
			continue
		}
		for _, earlier := range waiting[p] {
			e := &verdicts[earlier]
			if w.r.opts.NeverTwice {
				e.fate, e.cause = fateDead, Overtaken
			} else if e.fate != fateDead {
				v.fate, v.wait, v.text = fateAgain, e.wait, "an earlier alert of its Key was not accepted"
			}
		}
		if v.fate == fateDelivered {
			delete(waiting, p)
		}
	}
}

// settle tells the store what became of a batch, for as long as it takes: the
// route belongs to nobody else before. Once ctx has ended it gives up soon.
func (w *worker) settle(ctx context.Context, batch []job, verdicts []verdict, also func(txn) error) error {
	for n := 1; ; n++ {
		began := time.Now()
		err := w.trySettle(ctx, batch, verdicts, also)
		switch {
		case err == nil:
			w.until = began.Add(w.o.opts.Lease)
			w.account(ctx, verdicts)
			return nil
		case errors.Is(err, errFenced):
			w.until = time.Time{}
			return err
		case ctx.Err() != nil && n >= lastAttempts:
			w.unsettled = true
			return err
		}
		w.log(ctx, slog.LevelWarn, "the store could not be told the outcome of a message, trying again", slog.Any("error", err))
		pause := time.NewTimer(backoff{first: w.o.opts.Poll / 4, longest: w.o.opts.Poll}.after(n))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

func (w *worker) trySettle(ctx context.Context, batch []job, verdicts []verdict, also func(txn) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return w.o.store.locked(ctx, func(t txn) error {
		r, err := t.lock(w.r.number)
		if err != nil {
			return err
		}
		if r.Owner != w.owner || r.Epoch != w.epoch {
			return errFenced
		}
		if len(r.Claimed) == 0 {
			return nil // an attempt before succeeded though it had failed
		}
		if also != nil {
			if err := also(t); err != nil {
				return err
			}
		}
		fates := w.rest(t.now(), r, batch, verdicts)
		if err := apply(t, w.r.number, batch, fates); err != nil {
			return err
		}
		r.Claimed, r.Expires = nil, t.now()+w.o.opts.Lease.Milliseconds()
		return t.put(w.r.number, r)
	})
}

// rest looks at the message as a whole. If all of it failed the route rests, for
// half of the time until the alerts go out again, so that others get a chance
// between. A batch that fails while other messages pass is taken apart in the
// end: one of its alerts may be the reason.
func (w *worker) rest(now int64, r *routeRecord, batch []job, verdicts []verdict) []verdict {
	again, tired, wait, asked := 0, 0, time.Duration(0), time.Duration(0)
	for i := range verdicts {
		switch verdicts[i].fate {
		case fateDelivered, fateAlone: // the far end is there
			r.Failed, r.Rests = 0, 0
			return verdicts
		case fateAgain:
			again++
			wait, asked = max(wait, verdicts[i].wait), max(asked, verdicts[i].asked)
			if batch[i].Attempts >= isolateAfter {
				tired++
			}
		}
	}
	if again == 0 {
		return verdicts
	}
	if r.Failed == 0 && tired == len(batch) && len(batch) > 1 {
		single := make([]verdict, len(verdicts))
		for i, v := range verdicts {
			v.fate = fateAlone
			single[i] = v
		}
		verdicts = single
	}
	r.Failed++
	pause := min(w.backoff().after(r.Failed), wait) / 2
	r.Rests = now + max(pause, asked).Milliseconds()
	return verdicts
}

// apply writes verdicts into the store, as sets.
func apply(t txn, route int64, batch []job, verdicts []verdict) error {
	var delivered []int64
	var left []job
	changes := make(map[int64]change)
	for i := range batch {
		v := verdicts[i]
		if v.fate == fateDelivered {
			delivered = append(delivered, batch[i].Number)
			continue
		}
		c := change{Stage: batch[i].Stage, Due: t.now() + v.wait.Milliseconds(), Tried: true, Cause: v.cause, Error: v.text}
		switch v.fate {
		case fateAlone:
			c.Stage = stageAlone
		case fateDead:
			c.Stage, c.Due = stageDead, t.now()
		}
		left = append(left, batch[i])
		changes[batch[i].Number] = c
	}
	if len(delivered) > 0 {
		if _, err := t.remove(route, delivered); err != nil {
			return err
		}
	}
	for _, g := range groups(left, func(j *job) change { return changes[j.Number] }) {
		if _, err := t.change(route, g.numbers, g.change); err != nil {
			return err
		}
	}
	return nil
}

// account counts and logs what was settled.
func (w *worker) account(ctx context.Context, verdicts []verdict) {
	dead, text := make(map[Cause]int), make(map[Cause]string)
	for i := range verdicts {
		switch v := &verdicts[i]; v.fate {
		case fateDelivered:
			w.r.stats.delivered.Add(1)
		case fateDead:
			dead[v.cause]++
			text[v.cause] = v.text
		default:
			w.r.stats.again.Add(1)
		}
	}
	for cause, n := range dead {
		w.mourn(ctx, cause, n, text[cause])
	}
}

// errorText returns what is kept of an error: its text, which holds no secret,
// as valid UTF-8 within a bound.
func errorText(err error) string {
	text := strings.ToValidUTF8(err.Error(), "�")
	text = strings.ReplaceAll(text, "\x00", "�")
	if len(text) <= maxErrorText {
		return text
	}
	const mark = "…"
	end := maxErrorText - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
