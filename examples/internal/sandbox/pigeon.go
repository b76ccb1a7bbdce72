package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// seePigeon shows invocations that were refused. The others ring.
func (s *Sandbox) seePigeon(e exchange) {
	if e.status < http.StatusBadRequest || !strings.HasSuffix(e.path, "/invoke") {
		return
	}
	s.hub.count(destPigeon, func(t *tally) { t.Refused++ })
	s.hub.add(item{Dest: destPigeon, Kind: "refusal", Tone: "bad", Title: fmt.Sprintf("HTTP %d", e.status), Meta: []string{clip(string(e.answer), 300)}})
}

// watchPigeon shows the calls of Pigeon's chains. What a chain does is worked
// out by the stand-in whenever it is asked, so that nobody announces it.
func (s *Sandbox) watchPigeon(ctx context.Context) {
	w := pigeonWatch{s: s}
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

// A pigeonWatch is what is shown of the chains that go on.
type pigeonWatch struct {
	s      *Sandbox
	over   int            // chains, the first ones
	chains []*pigeonChain // behind these
}

type pigeonChain struct {
	rings []*pigeonRing
	over  bool
}

type pigeonRing struct {
	item int64
	last string // status
}

// look shows what has changed.
func (w *pigeonWatch) look() {
	for i, p := range w.s.parts.pigeon.Progress(w.over) {
		if i == len(w.chains) {
			w.chains = append(w.chains, &pigeonChain{})
			w.s.hub.count(destPigeon, func(t *tally) { t.Accepted++ })
		}
		if c := w.chains[i]; !c.over {
			w.follow(c, p)
		}
	}
	for len(w.chains) > 0 && w.chains[0].over {
		w.chains, w.over = w.chains[1:], w.over+1
	}
}

// follow shows what has changed in a chain.
func (w *pigeonWatch) follow(c *pigeonChain, p pigeontest.Progress) {
	for i, r := range p.Rings {
		if i == len(c.rings) {
			c.rings = append(c.rings, &pigeonRing{w.ring(p, i), "calling"})
		}
		ring := c.rings[i]
		if r.Status == ring.last {
			continue
		}
		ring.last = r.Status
		w.s.board.show(destPigeon, ring.item, func(k *call) { k.State, k.Key, k.Result = pigeonState(r.Status), r.Key, r.Status })
	}
	if !p.Active {
		c.over = true
		tone := "bad"
		if p.Status == "succeeded" {
			tone = "good"
		}
		w.s.hub.add(item{Dest: destPigeon, Kind: "note", Tone: tone, Title: "chain", Meta: []string{p.Status, p.Key}})
	}
}

// ring shows the nth call of a chain.
func (w *pigeonWatch) ring(p pigeontest.Progress, n int) int64 {
	server, board, r := w.s.parts.pigeon, w.s.board, p.Rings[n]
	k := call{Who: r.Contact, Number: r.Number, Text: p.Text, Round: r.Loop}
	if p.GuidanceID == pigeontest.GuidanceID {
		k.Keys = []string{"1", "2", "3"}
	}
	return board.ring(destPigeon, k, func(id int64, d decision) bool {
		switch d.act {
		case "answer":
			done := server.Pick(p.ResultID, n, pigeontest.Ignored())
			if done {
				board.show(destPigeon, id, func(k *call) { k.State = talking })
			}
			return done
		case "key":
			return server.Pick(p.ResultID, n, pigeontest.Pressed(d.key))
		}
		return server.Pick(p.ResultID, n, pigeontest.Missed())
	})
}

// pigeonState is how a call is shown that has ended.
func pigeonState(status string) callState {
	switch status {
	case "succeeded":
		return pressed
	case "ignored":
		return answered
	case "missed":
		return missed
	}
	return ended
}
