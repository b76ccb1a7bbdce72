package pigeon

import "fmt"

// A Verdict is the outcome of a chain.
type Verdict uint8

// The verdicts. Only Acknowledged means that somebody took the incident.
const (
	Unknown      Verdict = iota // the words cannot be understood, or are missing
	Pending                     // the chain goes on, or waits for a line
	Acknowledged                // somebody ended the chain with a key that takes the incident
	Unanswered                  // it is over, and nobody took the incident
	Aborted                     // it was stopped from outside
	Failed                      // it is over, and not one phone could be reached
)

// String returns a lower-case English word.
func (v Verdict) String() string {
	words := [...]string{"unknown", "pending", "acknowledged", "unanswered", "aborted", "failed"}
	if int(v) < len(words) {
		return words[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Keys says what the keys "1" to "9" mean where several of them end a chain:
// true takes the incident, false does not, and neither does a key that is
// missing. With nil Keys, each key that ended a chain successfully takes it.
type Keys map[string]bool

// An Outcome is a [Verdict] and the words that led to it.
type Outcome struct {
	Verdict Verdict
	Key     string      // pressed last; Acknowledged is never without
	Status  ChainStatus // as the vendor spells it
}

// String returns the verdict, and the key or the word that belongs to it.
func (o Outcome) String() string {
	switch o.Verdict {
	case Acknowledged:
		return "acknowledged with key " + o.Key
	case Unknown:
		return fmt.Sprintf("unknown (status %q)", string(o.Status))
	}
	return o.Verdict.String()
}

// Outcome tells how the chain ended. "Somebody pressed a key" is not
// "somebody took the incident": a chain in which a contact pressed the key for
// the next person, and nobody another one, has failed, and is Unanswered. A
// voicemail presses none. A chain of which it is not certain that it is over
// has no verdict.
func (r Result) Outcome(keys Keys) Outcome {
	return Outcome{r.verdict(keys), r.Key, r.Status}
}

// verdict is the Verdict of Outcome.
func (r Result) verdict(keys Keys) Verdict {
	switch r.State {
	case StateUnknown:
		return Unknown
	case StateActive:
		return Pending
	}
	switch r.Status.class() {
	case classSucceeded:
		return r.byKey(keys)
	case classFailed:
		if r.reachedNobody() {
			return Failed
		}
		return Unanswered
	case classAborted:
		return Aborted
	case classRejected:
		return Failed
	}
	return Unknown
}

// byKey is the verdict on a chain that somebody ended.
func (r Result) byKey(keys Keys) Verdict {
	switch {
	case len(r.Key) != 1 || r.Key < "1" || r.Key > "9":
		return Unknown
	case keys == nil || keys[r.Key]:
		return Acknowledged
	}
	return Unanswered
}

// reachedNobody reports whether there were calls and each of them failed.
func (r Result) reachedNobody() bool {
	for _, c := range r.Calls {
		if c.Status != CallFailed {
			return false
		}
	}
	return len(r.Calls) > 0
}
