package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// What a world may take at most.
const (
	storePatience = 15 * time.Second // for a call of the store that hangs
	sendPatience  = time.Minute      // for a Send without a deadline
	honoured      = time.Hour        // of what a far end asks for
	rebirth       = time.Minute      // until another process takes the place of a dead one
	lookedAt      = 5                // alerts at once, of those that wait longest
	deafMargin    = 30 * time.Second // until a Sender that does not listen is told of
)

// An item is an alert that a caller wants to have accepted.
type item struct {
	alert.Alert

	began    time.Duration // of the first attempt to have it accepted
	asked    time.Duration // of the attempt that succeeded
	accepted bool
	at       map[*destination]*fate
}

// A fate is what has become of an item at a destination.
type fate struct {
	handed  int // messages
	heard   int
	refused bool // by itself
	dead    bool
	over    bool // it is told or dead, and this was seen then:
	ended   time.Duration
}

// A sending is a message under way.
type sending struct {
	f      *farEnd
	ctx    context.Context //nolint:containedctx // to see when it has ended
	began  time.Time
	alerts []string
	kind   string
}

// A judge knows what was promised.
type judge struct {
	w *world

	mu        sync.Mutex
	items     map[string]*item
	order     []*item
	poisonous []*item
	open      []*item                   // of order, those that are not over everywhere
	words     map[*destination][]string // heard in time, in order
	disturbed map[*destination]time.Duration
	vanished  map[*destination]time.Duration
	logs      map[string]time.Duration // by process and route
	deaths    int
}

func newJudge(w *world) *judge {
	return &judge{
		w: w, items: make(map[string]*item), words: make(map[*destination][]string), disturbed: make(map[*destination]time.Duration),
		vanished: make(map[*destination]time.Duration), logs: make(map[string]time.Duration),
	}
}

// offers notes that a caller tries to have alerts accepted.
func (j *judge) offers(alerts []alert.Alert, began time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range alerts {
		if a := &alerts[i]; j.items[a.Name] == nil {
			in := &item{Alert: *a, began: began, at: make(map[*destination]*fate)}
			for _, d := range j.w.plan.routes {
				if d.wants(a) {
					in.at[d] = new(fate)
				}
			}
			j.items[a.Name], j.order, j.open = in, append(j.order, in), append(j.open, in)
			if a.Summary != "" {
				j.poisonous = append(j.poisonous, in)
			}
		}
	}
}

// wants reports whether an alert is for a destination: its filter lets it pass, or has let
// its problem pass, which is not over. The alerts of a problem are offered in order.
func (d *destination) wants(a *alert.Alert) bool {
	passed, resolved := d.opts.Filter(*a), a.Status == alert.Resolved
	follows := d.open[a.Key] && (resolved || !d.opts.NeverTwice)
	if passed || resolved {
		d.open[a.Key] = !resolved
	}
	return passed || follows
}

// accepted notes that Send has returned nil.
func (j *judge) accepted(alerts []alert.Alert, asked time.Duration) {
	j.w.note("accepted: %s", describe(alerts))
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range alerts {
		in := j.items[alerts[i].Name]
		in.accepted, in.asked = true, asked
	}
}

// describe names alerts.
func describe(alerts []alert.Alert) string {
	var b strings.Builder
	for i := range alerts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(alerts[i].Name + "/" + alerts[i].Key)
		if alerts[i].Summary != "" {
			b.WriteString(" (" + alerts[i].Summary + ")")
		}
	}
	return b.String()
}

// disturb notes that a destination, or all, may be late because of something that is
// over in some time.
func (j *judge) disturb(route string, over time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, d := range j.w.plan.routes {
		if route == "" || route == d.name {
			j.disturbed[d] = max(j.disturbed[d], j.w.now()+over)
		}
	}
}

// disturbIf is disturb with nothing to come, if something is so.
func (j *judge) disturbIf(so bool, route string) {
	if so {
		j.disturb(route, 0)
	}
}

// disturbedAt returns until when all was disturbed at last.
func (j *judge) disturbedAt() (last time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, at := range j.disturbed {
		last = max(last, at)
	}
	return last
}

// died notes that a process has died. If an alert killed it, that is in the bound.
func (j *judge) died(pause time.Duration, disturbs bool) {
	if disturbs {
		j.disturb("", pause+j.w.lease)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.deaths++
}

// jumped notes that the clock was set. Set back, nothing may wait for longer than the
// longest wait there is.
func (j *judge) jumped(by time.Duration) { j.disturb("", min(max(0, -by), honoured)) }

// logged notes a log record about a route.
func (j *judge) logged(p *process, r slog.Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "route" {
			j.logs[p.name+a.Value.String()] = j.w.now()
		}
		return true
	})
}

// sends looks at a message that is to be sent.
func (j *judge) sends(f *farEnd, ctx context.Context, alerts []alert.Alert, kind string) *sending { //nolint:revive // the far end is the receiver
	w, d := j.w, f.d
	s := &sending{f: f, ctx: ctx, began: time.Now(), kind: kind}
	keys := make(map[string]bool)
	j.mu.Lock()
	for i := range alerts {
		a := &alerts[i]
		s.alerts = append(s.alerts, a.Name)
		in := j.items[a.Name]
		switch {
		case in == nil || in.at[d] == nil:
			defer w.fail("%s got %s, which is not for it", d.name, a.Name)
			continue
		case d.opts.OnePerKey && keys[a.Key]:
			defer w.fail("%s got two alerts of %s in one message", d.name, a.Key)
		case in.Summary != a.Summary || in.Status != a.Status || in.Severity != a.Severity:
			defer w.fail("%s got %s, which is not as it was accepted", d.name, a.Name)
		}
		in.at[d].handed++
		keys[a.Key] = true
	}
	j.mu.Unlock()
	text := kind
	if text == "" {
		text = "well"
	}
	w.note("%s sends to %s: %s: %s", f.p.name, d.name, describe(alerts), text)
	deadline, has := ctx.Deadline()
	switch {
	case !alert.IsOnce(ctx):
		w.fail("%s: sent without Once", d.name)
	case !has || time.Until(deadline) > d.opts.Timeout:
		w.fail("%s: sent without a deadline within %v", d.name, d.opts.Timeout)
	case len(alerts) > d.opts.Batch:
		w.fail("%s: %d alerts in a message, want at most %d", d.name, len(alerts), d.opts.Batch)
	}
	if n := digested(alerts); n != len(alerts) {
		w.fail("%s: a digest of %d alerts counts %d", d.name, len(alerts), n)
	}
	d.take(w)
	if before := d.enter(s); before != nil && !j.stale(before) {
		w.fail("%s: %s sends while %s is sending", d.name, f.p.name, before.f.p.name)
	}
	return s
}

// digested returns how many alerts a digest accounts for.
func digested(alerts []alert.Alert) (n int) {
	groups, _, rest := alert.NewDigest(alerts).Top(3)
	for i := range groups {
		n += groups[i].Count
	}
	return n + rest
}

// stale reports whether the worker of a message may have lost its route: its time is
// over, it is dead, or the clock has jumped forward.
func (j *judge) stale(s *sending) bool {
	j.w.mu.Lock()
	defer j.w.mu.Unlock()
	return s.ctx.Err() != nil || s.f.p.isDead() || !j.w.forward.Before(s.began)
}

// heard notes that a far end has taken an alert.
func (j *judge) heard(s *sending, name string) {
	stale := j.stale(s)
	j.mu.Lock()
	defer j.mu.Unlock()
	d := s.f.d
	in := j.items[name]
	if in == nil || in.at[d] == nil {
		return
	}
	if in.at[d].heard++; d.opts.NeverTwice && in.at[d].heard > 1 {
		defer j.w.fail("%s heard %s %d times, and must not hear it twice", d.name, name, in.at[d].heard)
	}
	if !stale {
		j.words[d] = append(j.words[d], name)
	}
}

// answered notes what the Sender returns.
func (j *judge) answered(s *sending, err error) error {
	if err == nil {
		return nil
	}
	j.w.note("%s answers %s: %v", s.f.d.name, s.f.p.name, err)
	j.mu.Lock()
	defer j.mu.Unlock()
	over := time.Duration(0)
	if after := alert.RetryAfter(err); after > 0 {
		over = min(after, honoured)
	}
	if !strings.HasPrefix(s.kind, "poison") {
		j.disturbed[s.f.d] = max(j.disturbed[s.f.d], j.w.now()+over)
	}
	if len(s.alerts) == 1 {
		e := alert.ErrorAt(err, 0, 1)
		in := j.items[s.alerts[0]]
		in.at[s.f.d].refused = in.at[s.f.d].refused || !alert.Retryable(e) && !errors.Is(e, alert.ErrUncertain)
	}
	return err
}

// sent looks at a message that has come to its end.
func (j *judge) sent(s *sending) {
	d, p, took := s.f.d, s.f.p, time.Since(s.began)
	d.leave(s)
	if s.kind != farDeaf || p.isDead() {
		return
	}
	j.disturb(d.name, 0)
	j.mu.Lock()
	last := j.logs[p.name+d.name]
	j.mu.Unlock()
	if took > d.opts.Timeout+deafMargin && last < j.w.now()-took+d.opts.Timeout {
		j.w.fail("%s: a Sender did not return for %v, and no log says so", d.name, took)
	}
}

// late returns how much later an alert is at a destination than it may be. The time
// that it may take begins when it is accepted, or when the last trouble is over. It is
// called with the lock.
func (j *judge) late(in *item, d *destination) time.Duration {
	since := max(in.asked, j.disturbed[d])
	o, took := &d.opts, j.w.now()-since
	most := 2*j.w.lease + 2*o.Timeout + 2*o.MaxBackoff + 4*j.w.poll + 30*time.Second
	if took <= most {
		return took - most
	}
	waiting, poisoned, deadly := j.queue(d, since)
	message := 3 * time.Second // a message, and its turn
	if o.Budget.Messages > 0 {
		message += o.Budget.Per * 3 / 2 / time.Duration(o.Budget.Messages)
	}
	if poisoned > 0 {
		message += o.Timeout
	}
	splits := time.Duration(bits.Len(uint(o.Batch)) + 2) //nolint:gosec // positive
	most += time.Duration(deadly) * splits * (j.w.lease + rebirth)
	most += time.Duration(waiting)*message + time.Duration(poisoned)*splits*(o.MaxBackoff+message)
	return took - most
}

// queue counts what has been waiting at a destination since a time: all alerts, those
// that are poisonous, and those of all destinations that kill.
func (j *judge) queue(d *destination, since time.Duration) (waiting, poisoned, deadly int) {
	for _, in := range j.order {
		for at, f := range in.at {
			if !in.accepted || f.over && f.ended <= since {
				continue
			}
			if in.Summary == poisonCrash {
				deadly++
			}
			if at == d {
				waiting++
			}
			if at == d && in.Summary != "" {
				poisoned++
			}
		}
	}
	return waiting, poisoned, deadly
}

// ending returns how long a process may take to end that is told to at a time.
func (j *judge) ending(asked time.Duration) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	most := 2 * time.Minute
	for _, d := range j.w.plan.routes {
		most = max(most, j.disturbed[d]-asked+most)
	}
	return most
}

// look judges what has become of each item, and returns how many are on their way.
func (j *judge) look() (left int) {
	found, looked := j.w.store.scan(), make(map[*destination]int)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = slices.DeleteFunc(j.open, func(in *item) bool {
		for _, f := range in.at {
			if !f.over {
				return false
			}
		}
		return true
	})
	for _, in := range j.open {
		for _, d := range j.w.plan.routes {
			f := in.at[d]
			if !in.accepted || f == nil || f.over || j.orphan(in, d) {
				continue
			}
			at, there := found[place{d.name, in.Name}]
			switch {
			case there && at.Stage == jobstore.StageDead:
				f.dead = true
				j.judgeDead(in, d, &at)
				f.over, f.ended = true, j.w.now()
			case there && j.excused(in, d):
			case there:
				left++
				if looked[d]++; looked[d] > lookedAt {
					continue
				}
				if late := j.late(in, d); late > 0 {
					j.w.fail("%s: %s waits for %v too long: %s", d.name, in.Name, late, &at)
				}
			case f.heard == 0:
				f.over, f.ended = true, j.w.now()
				j.w.fail("%s: %s is lost", d.name, in.Name)
			default:
				f.over, f.ended = true, j.w.now()
			}
		}
	}
	return left
}

// orphan reports whether an alert may belong to a route that has vanished.
func (j *judge) orphan(in *item, d *destination) bool {
	gone, vanished := j.vanished[d]
	return vanished && in.began <= gone
}

// excused reports whether an alert is poisonous, or waits for an earlier one of its Key
// that is.
func (j *judge) excused(in *item, d *destination) bool {
	for _, other := range j.poisonous {
		f := other.at[d]
		if f != nil && !f.over && other.Key == in.Key && other.began <= in.began {
			return true
		}
	}
	return false
}

// judgeDead judges the cause of a dead letter.
func (j *judge) judgeDead(in *item, d *destination, at *found) {
	f, right := in.at[d], false
	switch outbox.Cause(at.Cause) {
	case outbox.Refused:
		right = f.refused
	case outbox.Expired:
		right = d.opts.MaxAge > 0 && at.Due-at.Accepted >= d.opts.MaxAge.Milliseconds() && (j.late(in, d) <= 0 || j.excused(in, d))
	case outbox.Uncertain:
		right = (f.handed > 0 || j.deaths > 0 || j.w.plan.loses()) && (d.opts.NeverTwice || !d.opts.Resend)
	case outbox.Overtaken:
		right = d.opts.NeverTwice
	case "crashed":
		right = in.Summary == poisonCrash || f.handed >= 3
	}
	if !right {
		j.w.fail("%s: %s is dead without reason: %s", d.name, in.Name, at)
	}
}

// end judges what can be judged at the end.
func (j *judge) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, d := range j.w.plan.routes {
		j.judgeOrder(d)
	}
}

// judgeOrder checks that the last word that a far end has heard about a Key is the
// latest one that it has heard: the last time of each follows the last time of those
// before it. With OnePerKey its first time does too.
func (j *judge) judgeOrder(d *destination) {
	first, last := make(map[string]int), make(map[string]int)
	for i, name := range j.words[d] {
		if last[name] = i; !slices.Contains(j.words[d][:i], name) {
			first[name] = i
		}
	}
	before := make(map[string]string)
	for _, in := range j.order {
		if _, heard := last[in.Name]; !heard || j.orphan(in, d) || in.at[d].dead { // which may be said once more, and is not
			continue
		}
		if b, ok := before[in.Key]; ok {
			if last[in.Name] < last[b] {
				j.w.fail("%s: %s was last heard after %s", d.name, b, in.Name)
			}
			if d.opts.OnePerKey && first[in.Name] < last[b] {
				j.w.fail("%s: %s overtook %s", d.name, in.Name, b)
			}
		}
		before[in.Key] = in.Name
	}
}
