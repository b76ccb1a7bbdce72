package voicetest

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/tocsin-go/tocsin/voice"
)

// Phones are a fake in-house gateway and the phones behind it. Every number is
// answered by the gateway with Accepted until told otherwise. The zero value is
// ready for use; all methods are safe for concurrent use.
type Phones struct {
	// Ring, unless nil, says how the numbers react that Script knows nothing
	// of: for people who decide while it rings. Set it before the first call.
	Ring func(ctx context.Context, c Call) voice.Result

	mu     sync.Mutex
	calls  []Call
	script map[string][]Behaviour
}

// A Behaviour is how a number reacts to a call.
type Behaviour func(ctx context.Context) voice.Result

// Dial calls a number. It is a [voice.DialFunc].
func (p *Phones) Dial(ctx context.Context, number, text string) voice.Result {
	p.mu.Lock()
	c := Call{Number: number, Text: text}
	p.calls = append(p.calls, c)
	id := "call-" + strconv.Itoa(len(p.calls))
	var react Behaviour
	if ways := p.script[number]; len(ways) > 0 {
		react = ways[0]
		if len(ways) > 1 {
			p.script[number] = ways[1:]
		}
	}
	p.mu.Unlock()
	if react == nil && p.Ring != nil {
		react = func(ctx context.Context) voice.Result { return p.Ring(ctx, c) }
	}
	if react == nil {
		return voice.Result{State: voice.Accepted, ProviderID: id}
	}
	r := react(ctx)
	r.ProviderID = id
	return r
}

// Script says how a number reacts to its next calls, the last one for ever.
func (p *Phones) Script(number string, ways ...Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.script == nil {
		p.script = map[string][]Behaviour{}
	}
	p.script[number] = slices.Clone(ways)
}

// Calls returns the calls so far, in the order in which they began. They name
// no users.
func (p *Phones) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Numbers returns the numbers called so far, in order.
func (p *Phones) Numbers() []string {
	var numbers []string
	for _, c := range p.Calls() {
		numbers = append(numbers, c.Number)
	}
	return numbers
}

// Answered is a call that somebody picks up.
func Answered() Behaviour { return always(voice.Result{State: voice.Answered}) }

// Pressed is a call that is answered with a key.
func Pressed(key string) Behaviour {
	return always(voice.Result{State: voice.Acknowledged, Key: key})
}

// Unanswered is a phone that rings in vain.
func Unanswered() Behaviour { return always(voice.Result{State: voice.NoAnswer}) }

// Busy is a number that is in another call.
func Busy() Behaviour {
	return always(voice.Result{State: voice.RejectedTemporary, Code: "busy", Reason: "user busy"})
}

// Wrong is a number that does not exist.
func Wrong() Behaviour {
	return always(voice.Result{State: voice.RejectedPermanent, Code: "8", Reason: "empty number"})
}

// Slow is a call whose outcome is not known when its context ends. It closes
// begun, unless that is nil, when the first such call has begun.
func Slow(begun chan<- struct{}) Behaviour {
	once := func() {}
	if begun != nil {
		once = sync.OnceFunc(func() { close(begun) })
	}
	return func(ctx context.Context) voice.Result {
		once()
		<-ctx.Done()
		return voice.Result{State: voice.Unknown, Reason: ctx.Err().Error()}
	}
}

// Until is a call that is answered when release is closed, or Unknown when its
// context ends before.
func Until(release <-chan struct{}) Behaviour {
	return func(ctx context.Context) voice.Result {
		select {
		case <-release:
			return voice.Result{State: voice.Answered}
		case <-ctx.Done():
			return voice.Result{State: voice.Unknown, Reason: ctx.Err().Error()}
		}
	}
}

// Panic is a gateway with a bug.
func Panic(value any) Behaviour {
	return func(context.Context) voice.Result { panic(value) }
}

func always(r voice.Result) Behaviour { return func(context.Context) voice.Result { return r } }
