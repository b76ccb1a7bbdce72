package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// talk is how long somebody who has picked up may think about a key.
const talk = 20 * time.Second

// seeESB shows what BlueKing answered.
func (s *Sandbox) seeESB(e exchange) {
	var answer struct {
		Result  *bool
		Code    json.RawMessage
		Message string
	}
	it := item{Dest: destVoice, Kind: "note", Title: "ESB", Tone: "good"}
	if json.Unmarshal(e.answer, &answer) != nil || answer.Result != nil && !*answer.Result || e.status != 200 {
		it.Tone = "bad"
		s.hub.count(destVoice, func(t *tally) { t.Refused++ })
	}
	code := string(answer.Code)
	if code == "" {
		code = fmt.Sprintf("HTTP %d", e.status)
	}
	it.Meta = []string{code, clip(answer.Message, 300)}
	s.hub.add(it)
}

// ringVoice is the in-house gateway's telephone: it rings until a person has
// decided, or for long enough.
func (s *Sandbox) ringVoice(ctx context.Context, c voicetest.Call) voice.Result {
	s.hub.count(destVoice, func(t *tally) { t.Accepted++ })
	decisions := make(chan decision, 1)
	id := s.board.ring(destVoice, call{Who: c.User, Number: c.Number, Text: c.Text}, func(_ int64, d decision) bool {
		select {
		case decisions <- d:
			return true
		default: // one is under way
			return false
		}
	})
	timer := time.NewTimer(s.opts.Ring)
	defer timer.Stop()
	state, result := missed, voice.Result{State: voice.NoAnswer}
	for {
		select {
		case d := <-decisions:
			switch d.act {
			case "answer":
				state, result = answered, voice.Result{State: voice.Answered}
				timer.Reset(talk)
				s.board.show(destVoice, id, func(k *call) { k.State = talking })
				continue
			case "key":
				state, result = pressed, voice.Result{State: voice.Acknowledged, Key: d.key}
			}
		case <-timer.C:
		case <-ctx.Done():
			state, result = ended, voice.Result{State: voice.Unknown, Reason: ctx.Err().Error()}
		case <-s.board.quit:
			state, result = ended, voice.Result{State: voice.Unknown, Reason: "switched off"}
		}
		s.board.show(destVoice, id, func(k *call) { k.State, k.Key, k.Result = state, result.Key, result.State.String() })
		return result
	}
}
