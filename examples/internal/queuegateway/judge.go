package queuegateway

import (
	"errors"
	"slices"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/voice"
)

// judge writes what became of a call into the results of those that it was to
// ring. An open call, or one that nobody could ask about, goes on.
func judge(s *autocall.Status, waiting error, places []int, results []voice.Result) {
	if waiting != nil || s.State.Open() {
		state, reason := voice.Accepted, "queued, and not ended yet"
		if errors.Is(waiting, autocall.ErrUnknownCall) {
			state, reason = voice.Unknown, "the queue has forgotten the call"
		}
		for _, i := range places {
			results[i].State, results[i].Reason = state, reason
		}
		return
	}
	state, reason := voice.RejectedTemporary, "no phone got to it"
	switch s.State {
	case autocall.Answered:
		state, reason = voice.NotNeeded, "somebody before has picked up"
	case autocall.Cancelled:
		state, reason = voice.Withheld, "the call was cancelled"
	}
	for _, i := range places {
		results[i].State, results[i].Reason = state, reason
	}
	follow(s, places, results)
}

// follow reads the audit trail, which tells who was rung. It names people by
// masked numbers only: where two look the same, both count as rung, since it is
// safer not to call them again.
func follow(s *autocall.Status, places []int, results []voice.Result) {
	var now []int // those who were handed out and of whom nothing is told yet
	set := func(state voice.State, reason string) {
		for _, i := range now {
			results[i].State, results[i].Reason = state, reason
		}
	}
	for _, e := range s.Audit {
		switch e.Event {
		case autocall.EventHandedOut:
			for _, i := range places {
				if results[i].Callee.Number.String() == e.Number {
					now = append(now, i)
				}
			}
			set(voice.Unknown, "handed to a phone that has not told the outcome")
		case autocall.EventNobody:
			set(voice.NoAnswer, "")
			now = nil
		case autocall.EventLost:
			set(voice.Unknown, "the phone fell silent before it told the outcome")
			now = nil
		case autocall.EventSkipped:
			for _, i := range places {
				if r := &results[i]; r.Callee.Number.String() == e.Number && !rung(r.State) {
					r.State, r.Reason = voice.Withheld, e.Cause
				}
			}
		}
	}
	if s.State != autocall.Answered || s.By == nil {
		return
	}
	by := func(i int) bool { return results[i].Callee.Number.Reveal() == s.By.Number }
	if k := slices.IndexFunc(now, by); k >= 0 { // else it was told late, while a phone rings the next one
		after := now[k+1:]
		now = now[:k]
		set(voice.NoAnswer, "")
		now = after
		set(voice.NotNeeded, "somebody before has picked up")
	}
	for _, i := range places {
		if by(i) {
			results[i].State, results[i].Reason = voice.Answered, ""
		}
	}
}

// rung reports whether the trail has told that a phone may have rung.
func rung(s voice.State) bool { return s == voice.NoAnswer || s == voice.Unknown }
