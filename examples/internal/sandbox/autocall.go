package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

const (
	// phonePoll is faster than a real phone, since a person waits.
	phonePoll = 2 * time.Second

	// phoneTalk is how long somebody talks who has picked up.
	phoneTalk = 4 * time.Second
)

// watchAutoCall switches the phone on and shows its calls.
func (s *Sandbox) watchAutoCall(ctx context.Context) {
	url := s.opts.AutoCall
	if url == "" {
		url = s.targets.Page + "phone/" + longWord + "/alert/phone"
	}
	phone := autocalltest.Connect(url, &autocalltest.Options{
		Version: autocalltest.C, StartDelay: -1, PollInterval: phonePoll,
		Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Ring: s.opts.Ring} },
	})
	s.work.Go(func() {
		if err := phone.Run(ctx); err != nil {
			s.hub.add(item{Dest: destAutoCall, Kind: "refusal", Tone: "bad", Meta: []string{err.Error()}})
		}
	})
	w := phoneWatch{s: s, phone: phone}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.look()
		case <-ctx.Done():
			return
		}
	}
}

// A phoneWatch is what is shown of the calls of the phone.
type phoneWatch struct {
	s     *Sandbox
	phone *autocalltest.Phone
	calls []phoneCall
	posts int // outcomes shown
}

type phoneCall struct {
	item int64
	mid  string
	last callState
}

// look shows what has changed.
func (w *phoneWatch) look() {
	now := time.Now()
	for i, c := range w.phone.Calls() {
		if i == len(w.calls) {
			w.s.hub.count(destAutoCall, func(t *tally) { t.Accepted++ })
			w.calls = append(w.calls, phoneCall{w.ring(c), c.Mid, ringing})
		}
		if state := phoneState(c, now); state != w.calls[i].last {
			w.calls[i].last = state
			w.s.board.show(destAutoCall, w.calls[i].item, func(k *call) { k.State = state })
		}
	}
	posts := w.phone.Posts()
	for _, p := range posts[w.posts:] {
		w.told(p)
	}
	w.posts = len(posts)
}

// ring shows a new call.
func (w *phoneWatch) ring(c autocalltest.Call) int64 {
	return w.s.board.ring(destAutoCall, call{Number: c.Number, Deaf: true}, func(_ int64, d decision) bool {
		switch d.act {
		case "answer":
			return w.phone.Settle(autocalltest.Reply{Talk: phoneTalk})
		case "miss":
			return w.phone.Settle(autocalltest.Reply{})
		}
		return false // the app hears no keys
	})
}

// told shows that the phone has told its server the outcome of a call.
func (w *phoneWatch) told(p autocalltest.Post) {
	for _, c := range slices.Backward(w.calls) {
		if c.mid == p.Mid {
			result := "told-nobody"
			if p.Resp != "" {
				result = "told-answered"
			}
			if p.Err != nil {
				result = "told-failed"
			}
			w.s.board.show(destAutoCall, c.item, func(k *call) { k.Result = result })
			return
		}
	}
}

// phoneState is how a call stands.
func phoneState(c autocalltest.Call, now time.Time) callState {
	switch {
	case now.Before(c.End.Add(-c.Talk)):
		return ringing
	case now.Before(c.End):
		return talking
	case c.Talk > 0:
		return answered
	}
	return missed
}
