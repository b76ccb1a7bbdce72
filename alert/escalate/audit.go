package escalate

import (
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// Limits of the audit of one incident.
const (
	maxLog   = 60  // entries
	firstLog = 20  // of them that stay when others have to go
	maxText  = 300 // bytes of the text of one
)

// An Event is what happened to an incident.
type Event string

// The events. The States other than Waiting are events too.
const (
	EventOpened Event = "opened"
	EventWorse  Event = "worse"  // than before, all steps being taken: they begin anew
	EventStep   Event = "step"   // a step was taken: its message is queued
	EventTold   Event = "told"   // the far end accepted the message
	EventHeld   Event = "held"   // nobody may be rung yet; Text is an alert.HeldBy
	EventFailed Event = "failed" // the step told nobody; Text says why
	EventNews   Event = "news"   // about a message, as its Watch said
	EventLapsed Event = "lapsed" // the acknowledgement, see Options.AcknowledgeFor
)

// An Entry is one event of an incident.
type Entry struct {
	At    time.Time `json:"at"`
	Event Event     `json:"event"`
	Step  string    `json:"step,omitempty"`
	Text  string    `json:"text,omitempty"` // who, or why
}

// note adds an entry. Of too many, those in the middle are forgotten.
func (in *incident) note(now int64, what Event, step, text string) {
	in.Log = append(in.Log, Entry{At: jobstore.Time(now), Event: what, Step: step, Text: cut(text, maxText)})
	if len(in.Log) > maxLog {
		in.Log = slices.Delete(in.Log, firstLog, firstLog+1)
	}
}

// logged reports whether an entry is there.
func (in *incident) logged(what Event, step, text string) bool {
	return slices.ContainsFunc(in.Log, func(e Entry) bool { return e.Event == what && e.Step == step && e.Text == cut(text, maxText) })
}
