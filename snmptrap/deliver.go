package snmptrap

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A message is a notification that is ready to go to every target.
type message struct {
	id      int32
	octets  []byte // an SNMP message with the community, in which SNMPv3 finds the PDU
	problem string // messages about the same one follow one another
	content string // what the repetition of a message has in common with it
	err     error  // that of the encoder
}

// An outcome is how one message ended at one target.
type outcome struct {
	ack      Ack
	err      error
	answered bool
	trip     time.Duration
}

// deliver sends messages to every target, each of which has a goroutine of its
// own, and returns the outcomes by target and message.
func (s *Sender) deliver(ctx context.Context, messages []message, inform bool) [][]outcome {
	outcomes := make([][]outcome, len(s.targets))
	var wg sync.WaitGroup
	for i, t := range s.targets {
		outcomes[i] = make([]outcome, len(messages))
		wg.Go(func() {
			if inform {
				t.informAll(ctx, messages, s.inform, outcomes[i])
			} else {
				t.trapAll(ctx, messages, outcomes[i])
			}
		})
	}
	wg.Wait()
	return outcomes
}

// trapAll sends traps in their order. Without an address for the first there is
// none for the others.
func (t *target) trapAll(ctx context.Context, messages []message, outcomes []outcome) {
	err := t.resolve(ctx, "send")
	for i := range messages {
		switch {
		case messages[i].err != nil:
			outcomes[i].err = messages[i].err
		case err != nil:
			outcomes[i].err = err
		default:
			outcomes[i].err = t.trap(ctx, messages[i].octets)
		}
	}
}

// maxSilent is how many informs in a row may go unanswered before the rest of
// their Send is not sent: one may be at fault itself, two mean that nobody is
// there, and a hundred would take as many times the time of all attempts.
const maxSilent = 2

// errSkipped ends an inform that was not sent.
var errSkipped = errors.New("not sent: the receiver did not answer the informs before it")

// A batch is the informs of one Send to one target.
type batch struct {
	*target
	in       Inform
	messages []message
	outcomes []outcome
	free     chan struct{} // of capacity 1: one has ended

	mu      sync.Mutex
	pending []int // places of messages that were not sent yet
	busy    map[string]bool
	silent  int // unanswered in a row
}

// informAll sends informs: as many at once as the receiver is known to
// bear, but one after the other those that report the same problem, since
// a repetition of "firing" must not come in after "resolved". These hold
// nothing else back.
func (t *target) informAll(ctx context.Context, messages []message, in Inform, outcomes []outcome) {
	b := &batch{target: t, in: in, messages: messages, outcomes: outcomes, free: make(chan struct{}, 1), busy: map[string]bool{}}
	err := t.resolve(ctx, "inform")
	for i := range messages {
		switch {
		case messages[i].err != nil:
			outcomes[i].err = messages[i].err
		case err != nil:
			outcomes[i].err = err
		default:
			b.pending = append(b.pending, i)
		}
	}
	var wg sync.WaitGroup
	for {
		i, left := b.next()
		switch {
		case i >= 0 && b.acquire(ctx, i):
			wg.Go(func() { b.run(ctx, i) })
		case left && i < 0:
			<-b.free
		case !left:
			wg.Wait()
			return
		}
	}
}

// next takes the first pending message whose problem is not in flight, and
// reports whether there are any.
func (b *batch) next() (i int, left bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for at, i := range b.pending {
		if problem := b.messages[i].problem; !b.busy[problem] {
			b.pending = append(b.pending[:at:at], b.pending[at+1:]...)
			b.busy[problem] = true
			return i, true
		}
	}
	return -1, len(b.pending) > 0
}

// acquire waits for a slot of the window. Without one the message has its error.
func (b *batch) acquire(ctx context.Context, i int) bool {
	var err error
	select {
	case <-b.window.slots:
	case <-ctx.Done():
		err = ctx.Err()
	case <-b.done:
		err = ErrClosed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && b.silent >= maxSilent {
		b.window.slots <- struct{}{}
		err = errSkipped
	}
	if err == nil {
		return true
	}
	b.outcomes[i].err = b.fail("inform", err)
	b.ended(i)
	return false
}

// run sends one of the messages.
func (b *batch) run(ctx context.Context, i int) {
	o := b.inform(ctx, &b.messages[i], b.in)
	defer b.window.release(o.answered, o.trip) // when the next can know how this one ended
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outcomes[i] = o
	switch {
	case o.answered:
		b.silent = 0
	case errors.Is(o.err, alert.ErrUncertain):
		b.silent++
	}
	b.ended(i)
}

// ended lets the next message about the same problem go. The caller holds the
// mutex of the batch.
func (b *batch) ended(i int) {
	delete(b.busy, b.messages[i].problem)
	select {
	case b.free <- struct{}{}:
	default:
	}
}
