package escalate

import (
	"encoding/json"
	"math"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// never is a time that does not come.
const never = math.MaxInt64

// keepClosed is how long an incident that is over can be looked at.
const keepClosed = 7 * 24 * time.Hour

// A State is how an incident stands.
type State string

// The states.
const (
	Waiting      State = "waiting"      // for somebody to take it
	Acknowledged State = "acknowledged" // somebody has
	Exhausted    State = "exhausted"    // it is open, and all steps are taken
	Ended        State = "ended"        // the source said that it is over
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
	Stepped int64           `json:"stepped"` // when the last step was taken
	Changed int64           `json:"changed"`
	By      string          `json:"by,omitempty"`
	Calls   []call          `json:"calls,omitempty"`
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
		Number: in.ID, Alert: a, State: in.State, Steps: in.Steps, Opened: jobstore.Time(in.Opened), Changed: jobstore.Time(in.Changed), By: in.By,
	}
}

// become gives it another state.
func (in *incident) become(s State, now int64) {
	in.State, in.Changed = s, now
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
	for _, at := range [...]*int64{&in.Opened, &in.Stepped, &in.Changed} {
		*at = min(*at, now)
	}
	for i := range in.Calls {
		in.Calls[i].Next = min(in.Calls[i].Next, now+watchEvery.Milliseconds())
	}
	in.Due = never
	if in.State == Waiting {
		in.Due = in.Stepped + e.pause(in.Steps).Milliseconds()
	}
	for _, c := range in.Calls {
		in.Due = min(in.Due, c.Next)
	}
	switch {
	case in.State == Ended:
		in.Until = in.Changed + keepClosed.Milliseconds()
	case e.opts.Forget < 0:
		in.Until = never
	default:
		in.Until = in.Opened + (e.opts.Forget + keepClosed).Milliseconds()
	}
}

// forgotten reports whether alerts about the problem are about a new one.
func (e *Escalation) forgotten(in *incident, now int64) bool {
	return in == nil || in.State == Ended || e.opts.Forget >= 0 && now >= in.Opened+e.opts.Forget.Milliseconds()
}
