package escalate

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// never is a time that does not come.
const never = math.MaxInt64

// How long an incident that is over can be looked at: one that was followed by another
// about its problem, and called nobody, is brief. Of an alarm that flaps there are many.
const (
	keepClosed = 7 * 24 * time.Hour
	keepBrief  = time.Hour
)

// A State is how an incident stands.
type State string

// The states.
const (
	Waiting      State = "waiting"      // for somebody to take it
	Acknowledged State = "acknowledged" // somebody has
	Exhausted    State = "exhausted"    // it is open, and all steps are taken
	Ended        State = "ended"        // the source said that it is over
	Replaced     State = "replaced"     // a newer incident about the same problem goes on
)

// An Incident is a problem on its way through an [Escalation].
type Incident struct {
	Number  int64       `json:"number"` // identifies it
	Alert   alert.Alert `json:"alert"`  // the last one that was firing
	State   State       `json:"state"`
	Steps   int         `json:"steps"` // taken so far
	Opened  time.Time   `json:"opened"`
	Changed time.Time   `json:"changed"`      // when it got its State
	By      string      `json:"by,omitempty"` // who took it
	Log     []Entry     `json:"log"`          // what happened, the oldest first; of very many some are left out
}

// An incident is an Incident in a store.
type incident struct {
	jobstore.Incident
	record
}

// A record is what of an incident is not searched.
type record struct {
	Alert   json.RawMessage `json:"alert"`
	Worst   alert.Severity  `json:"worst"`
	State   State           `json:"state"`
	Steps   int             `json:"steps"`
	Opened  int64           `json:"opened"`
	Stepped int64           `json:"stepped"`        // when the last step was taken
	Full    int64           `json:"full,omitempty"` // when all were for the first time
	Changed int64           `json:"changed"`
	By      string          `json:"by,omitempty"`
	Calls   []call          `json:"calls,omitempty"`
	Past    bool            `json:"past,omitempty"` // another one replaces it

	Attempts []attempt `json:"attempts,omitempty"`
	Log      []Entry   `json:"log,omitempty"`
}

// open returns a new incident, whose first steps are taken.
func (e *Escalation) open(id int64, problem jobstore.Hash, now int64) *incident {
	in := &incident{
		Incident: jobstore.Incident{ID: id, Escalation: e.host.Number(), Problem: problem},
		record:   record{State: Waiting, Opened: now, Changed: now},
	}
	in.note(now, EventOpened, "", "")
	e.begin(in, now)
	return in
}

// begin takes the steps that are taken at once, and none after them.
func (e *Escalation) begin(in *incident, now int64) {
	if in.State != Waiting {
		in.State, in.Changed = Waiting, now
	}
	in.Steps, in.Stepped, in.Full, in.Attempts = e.atOnce(), now, 0, nil
	for _, s := range e.steps[:in.Steps] {
		in.take(s, now)
	}
	e.taken(in, now)
}

// taken notes when the last step was taken for the first time.
func (e *Escalation) taken(in *incident, now int64) {
	if in.Steps >= len(e.steps) && in.Full == 0 {
		in.Full = now
	}
}

// archived returns an incident that makes room for another one about its problem.
func (in *incident) archived(now int64) incident {
	old := *in
	if old.Calls = slices.Clone(in.Calls); old.State != Ended {
		old.become(Replaced, now, "")
	}
	old.Past, old.Problem = true, jobstore.HashOf("archived", strconv.FormatInt(in.ID, 10))
	return old
}

// readAll reads what the store returned, but for what cannot be read.
func readAll(rows []jobstore.Incident, err error) ([]incident, error) {
	list, _ := split(rows)
	return list, err
}

// split reads what the store returned, and returns apart what cannot be read.
func split(rows []jobstore.Incident) (list []incident, unreadable []jobstore.Incident) {
	list = make([]incident, 0, len(rows))
	for i := range rows {
		in := incident{Incident: rows[i]}
		if json.Unmarshal(rows[i].Doc, &in.record) != nil || in.State == "" {
			unreadable = append(unreadable, rows[i])
			continue
		}
		list = append(list, in)
	}
	return list, unreadable
}

// put keeps incidents in the store.
func put(t jobstore.Txn, list []incident) (err error) {
	rows := make([]jobstore.Incident, len(list))
	for i := range list {
		rows[i] = list[i].Incident
		if rows[i].Doc, err = json.Marshal(&list[i].record); err != nil {
			return err
		}
	}
	return t.PutIncidents(rows)
}

// A call is a message to watch, or to call off.
type call struct {
	Step      string `json:"step"`
	Reference string `json:"reference"`
	Next      int64  `json:"next"` // when to look after it
}

// problemOf returns the identity of the problem that an alert is about. Without a
// Key, and of news, the event is the problem.
func problemOf(a *alert.Alert) jobstore.Hash {
	if a.Key == "" || a.Status == alert.News {
		return jobstore.HashOf("event", string(jobstore.Identity(a, a.ID)))
	}
	return jobstore.Identity(a, a.Key)
}

// waits reports whether somebody is still wanted.
func (in *incident) waits() bool { return in.State == Waiting || in.State == Exhausted }

// show returns what people may see of it.
func (in *incident) show() Incident {
	a, _ := jobstore.Decode(in.Alert)
	return Incident{
		Number: in.ID, Alert: a, State: in.State, Steps: in.Steps, Opened: jobstore.Time(in.Opened), Changed: jobstore.Time(in.Changed), By: in.By, Log: in.Log,
	}
}

// become gives it another state.
func (in *incident) become(s State, now int64, text string) {
	in.State, in.Changed = s, now
	in.note(now, Event(s), "", text)
	if !in.waits() {
		in.callOff(now)
	}
}

// watch has a message looked after. It may be the same as before: a repetition
// can lead to the call that is under way.
func (in *incident) watch(c call) {
	for i := range in.Calls {
		if in.Calls[i].Step == c.Step && in.Calls[i].Reference == c.Reference {
			in.Calls[i] = c
			return
		}
	}
	in.Calls = append(in.Calls, c)
}

// callOff has what was sent about it looked after at once.
func (in *incident) callOff(now int64) {
	for i := range in.Calls {
		in.Calls[i].Next = now
	}
}

// schedule sets when there is something to do about an incident, and when to
// forget it. What lies in the future of a clock that was set back happened now.
func (e *Escalation) schedule(in *incident, now int64) {
	for _, at := range [...]*int64{&in.Opened, &in.Stepped, &in.Full, &in.Changed} {
		*at = min(*at, now)
	}
	for i := range in.Calls {
		in.Calls[i].Next = min(in.Calls[i].Next, now+watchEvery.Milliseconds())
	}
	in.Due = min(e.nextStep(in), e.giveUp(in), e.lapse(in))
	for i := range in.Attempts {
		a := &in.Attempts[i]
		if a.At = min(a.At, now+longestHold.Milliseconds()); a.Outcome == "" && in.State == Waiting {
			in.Due = min(in.Due, a.At+deliveryGrace.Milliseconds())
		}
	}
	for _, c := range in.Calls {
		in.Due = min(in.Due, c.Next)
	}
	switch {
	case in.Past && in.Steps <= e.atOnce() && in.By == "":
		in.Until = in.Changed + keepBrief.Milliseconds()
	case in.State == Ended || in.Past:
		in.Until = in.Changed + keepClosed.Milliseconds()
	case e.opts.Forget < 0:
		in.Until = never
	default:
		in.Until = in.Opened + (e.opts.Forget + keepClosed).Milliseconds()
	}
}

// nextStep returns when the next step is to be taken, or the last one again.
func (e *Escalation) nextStep(in *incident) int64 {
	switch {
	case !in.waits():
		return never
	case in.Steps >= len(e.steps) && e.opts.Repeat > 0:
		return in.Stepped + e.opts.Repeat.Milliseconds()
	case in.Steps >= len(e.steps) || in.State != Waiting:
		return never
	case e.nobodyTold(in):
		return in.Stepped
	}
	return in.Stepped + e.pause(in.Steps).Milliseconds()
}

// giveUp returns when to tell that nobody took it.
func (e *Escalation) giveUp(in *incident) int64 {
	if in.State != Waiting || in.Steps < len(e.steps) {
		return never
	}
	return in.Full + e.opts.Patience.Milliseconds()
}

// lapse returns when its acknowledgement ends.
func (e *Escalation) lapse(in *incident) int64 {
	if in.State != Acknowledged || e.opts.AcknowledgeFor == 0 {
		return never
	}
	return in.Changed + e.opts.AcknowledgeFor.Milliseconds()
}

// forgotten reports whether alerts about the problem are about a new one.
func (e *Escalation) forgotten(in *incident, now int64) bool {
	return in == nil || in.State == Ended || e.opts.Forget >= 0 && now >= in.Opened+e.opts.Forget.Milliseconds()
}
