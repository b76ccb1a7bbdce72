package autocalltest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Version is one of the app's, which differ in how they read the call log.
type Version uint8

// The versions.
const (
	// A is the first, of June 2021. It says nothing about itself, and looks at
	// the call log without a pause until the record that it wants is there.
	A Version = iota + 1

	// C is that of September 2021. It names its model, and looks every second.
	C

	// D is that of January 2022, the last. It looks every ten seconds, and takes
	// a record of another number for "not picked up".
	D
)

// String returns the letter.
func (v Version) String() string {
	if v < A || v > D {
		return "Version(?)"
	}
	return string("ACD"[v-A])
}

// A Reply is what happens when the phone dials a number.
type Reply struct {
	Ring time.Duration // until somebody picks up, or it stops
	Talk time.Duration // zero if nobody picks up

	// Unlogged is a call that never reaches the call log: no service, or a
	// dialler that refused. The app waits for it for ever.
	Unlogged bool
}

// A Fate is what becomes of a POST.
type Fate uint8

// The fates.
const (
	Delivered  Fate = iota // it arrives and is answered
	Lost                   // it never arrives, and the app knows
	AnswerLost             // it arrives, and the app takes it for lost
	Swallowed              // it never arrives, but something in between answers
)

// Options change what a Phone does. Nil and the zero value mean the defaults.
type Options struct {
	Version      Version       // default D
	Model        string        // default "MI 8"
	PollInterval time.Duration // default 10 s
	StartDelay   time.Duration // from the start of the app to its first poll; default 30 s, -1 for none

	// Dial says what happens when it dials a number for the nth time, from 1.
	// Default: it rings for 30 s and nobody picks up.
	Dial func(number string, nth int) Reply

	// Post says what becomes of the nth POST, from 1. Default: Delivered.
	Post func(nth int) Fate
}

// A Call is one that was made, or came in.
type Call struct {
	Number   string
	Mid      string // under which it was dialled; empty if it came in
	Start    time.Time
	End      time.Time // when it is in the call log
	Talk     time.Duration
	Unlogged bool
	Over     bool // it was dialled although another call was under way
}

// A Post is an outcome that the phone has told or tried to.
type Post struct {
	At   time.Time
	Mid  string
	Resp string // the number that picked up; empty: nobody
	Fate Fate
	Err  error // on the wire
}

// ErrDied says that the server's answer has killed the app.
var ErrDied = errors.New("the app has died of the answer")

// A Phone polls a server while [Phone.Run] runs. All methods are safe for
// concurrent use.
type Phone struct {
	url    string
	client *http.Client
	opts   Options
	crash  chan time.Duration

	mu     sync.Mutex
	calls  []Call
	posts  []Post
	dialed map[string]int
	polls  int

	app app // of the goroutine of Run alone
}

// app is what the app holds in memory.
type app struct {
	mid    string
	number string    // current
	mark   time.Time // of the first dial of mid
}

// New returns a phone that polls a handler without a socket. The path is what
// is entered in the app after the host, such as "/phone/TOKEN/alert/phone".
func New(h http.Handler, path string, opts *Options) *Phone {
	return newPhone("http://example.com"+path, &http.Client{Transport: inProcess{h}}, opts)
}

// Connect returns a phone that polls a URL, in real time.
func Connect(url string, opts *Options) *Phone {
	return newPhone(url, &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}, opts)
}

func newPhone(url string, client *http.Client, opts *Options) *Phone {
	p := &Phone{url: url, client: client, crash: make(chan time.Duration, 1), dialed: make(map[string]int)}
	if opts != nil {
		p.opts = *opts
	}
	o := &p.opts
	if o.Version == 0 {
		o.Version = D
	}
	if o.Model == "" {
		o.Model = "MI 8"
	}
	if o.PollInterval == 0 {
		o.PollInterval = 10 * time.Second
	}
	if o.StartDelay == 0 {
		o.StartDelay = 30 * time.Second
	}
	if o.Dial == nil {
		o.Dial = func(string, int) Reply { return Reply{Ring: 30 * time.Second} }
	}
	if o.Post == nil {
		o.Post = func(int) Fate { return Delivered }
	}
	return p
}

// Calls returns all calls so far, the oldest first; those under way end in the
// future.
func (p *Phone) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Posts returns all outcomes told so far.
func (p *Phone) Posts() []Post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.posts)
}

// Polls returns how often the phone has polled.
func (p *Phone) Polls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polls
}

// Crash kills the app, which is started again after a while. Its calls go on,
// and what it knew is lost. It takes effect when the app next waits.
func (p *Phone) Crash(down time.Duration) {
	select {
	case p.crash <- down:
	default: // one is under way
	}
}

// Incoming lets somebody else ring the phone now, who is in the call log when
// the call has ended.
func (p *Phone) Incoming(number string, r Reply) { p.enter(number, "", r) }

// Settle lets the phone that is being rung react now, in place of what Dial
// said: it rings for r.Ring more and then talks for r.Talk, so that the zero
// Reply declines. It is for people who decide while it rings. It reports
// whether a call of the app is under way and not picked up yet.
func (p *Phone) Settle(r Reply) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for i := len(p.calls) - 1; i >= 0; i-- {
		c := &p.calls[i]
		if c.Mid != "" && now.Before(c.End.Add(-c.Talk)) {
			c.End, c.Talk, c.Unlogged = now.Add(r.Ring+r.Talk), r.Talk, r.Unlogged
			return true
		}
	}
	return false
}

// enter begins a call.
func (p *Phone) enter(number, mid string, r Reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	c := Call{Number: number, Mid: mid, Start: now, End: now.Add(r.Ring + r.Talk), Talk: r.Talk, Unlogged: r.Unlogged}
	for _, other := range p.calls {
		c.Over = c.Over || mid != "" && other.End.After(now)
	}
	p.calls = append(p.calls, c)
}

// dial rings a number.
func (p *Phone) dial(number string) {
	p.mu.Lock()
	p.dialed[number]++
	n := p.dialed[number]
	p.mu.Unlock()
	p.enter(number, p.app.mid, p.opts.Dial(number, n))
}

// lastLogged returns the last record of the call log.
func (p *Phone) lastLogged() (last Call, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, c := range p.calls {
		if !c.Unlogged && !c.End.After(now) && (!found || !c.Start.Before(last.Start)) {
			last, found = c, true
		}
	}
	return last, found
}

// Run is the phone switched on, until ctx ends. It returns nil then, and an
// error that matches [ErrDied] if an answer of the server has killed the app,
// after which a real phone is silent until somebody looks at it.
func (p *Phone) Run(ctx context.Context) error {
	defer p.client.CloseIdleConnections()
	for {
		p.app = app{}
		err := p.live(ctx)
		for {
			down, crashed := errors.AsType[crashed](err)
			if !crashed {
				break
			}
			if err = p.wait(ctx, time.Duration(down)); err == nil {
				break
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

// crashed says that the app has been killed and is down for a while.
type crashed time.Duration

func (crashed) Error() string { return "the app was killed" }

// wait lets time pass.
func (p *Phone) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case down := <-p.crash:
		return crashed(down)
	case <-ctx.Done():
		return ctx.Err()
	}
}
