package autocall

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

// noticeSilent is the Kind of a notice about a phone.
const noticeSilent = "silent"

const (
	// noticeClaim is how long a notice belongs to who took it. If that one
	// dies, somebody else calls the callback.
	noticeClaim = time.Minute

	// noticeTime is what a callback gets. It ends before the claim does.
	noticeTime = 50 * time.Second

	firstPause   = 5 * time.Second // after a callback that failed
	longestPause = 5 * time.Minute
)

// A notice is news for the callbacks of QueueOptions: a call that ended, or a
// phone that fell silent. It is committed together with what it tells about,
// and removed once the callback has succeeded, so that a crash in between
// repeats it and loses nothing.
type notice struct {
	ID      int64  // given by the store
	Kind    string // a final State, or "silent"
	Subject string // id of the call, or name of the phone
	Tries   int    // how often somebody took it
	Due     int64  // not to be taken before
}

// A phoneRecord is what a store keeps of a phone.
type phoneRecord struct {
	Name  string
	Model string
	Seen  int64
	Told  bool // its silence was told of

	// Expected tells that it has not polled yet: Seen is when that began to
	// count.
	Expected bool
}

// deliverAll calls the callbacks for all notices that are due.
func (d *Dispatcher) deliverAll(ctx context.Context) error {
	for ctx.Err() == nil {
		n, callback, err := d.take(ctx)
		if err != nil || n.ID == 0 {
			return err
		}
		if err := d.deliver(ctx, n, callback); err != nil {
			return err
		}
	}
	return nil
}

// take claims a notice and returns what is to be called for it: nil if nothing
// is. The zero notice means that there is none.
func (d *Dispatcher) take(ctx context.Context) (n notice, callback func(context.Context) error, err error) {
	err = d.do(ctx, "take notice", func(u *unit) error {
		n, callback = notice{}, nil
		due, err := u.notices(1)
		if err != nil || len(due) == 0 {
			return err
		}
		n = due[0]
		n.Tries++
		n.Due = u.now() + noticeClaim.Milliseconds()
		if err := u.tell(n); err != nil {
			return err
		}
		callback, err = d.callback(u, n)
		return err
	})
	return n, callback, err
}

// callback returns what is to be called for a notice, with what is known now.
// News that is none any more is not told: a call that was answered after all
// has another notice, and a phone that polls again is not silent.
func (d *Dispatcher) callback(u *unit, n notice) (func(context.Context) error, error) {
	if n.Kind == noticeSilent {
		return d.silenceCallback(u, n.Subject)
	}
	f := d.opts.OnExhausted
	if n.Kind == string(Answered) {
		f = d.opts.OnAnswered
	}
	it, err := u.byID(n.Subject)
	if err != nil || f == nil || it == nil || string(it.State) != n.Kind {
		return nil, err
	}
	s := it.status()
	return func(ctx context.Context) error { return f(ctx, s) }, nil
}

// silenceCallback is callback for a phone.
func (d *Dispatcher) silenceCallback(u *unit, name string) (func(context.Context) error, error) {
	records, err := u.phones()
	if err != nil || d.opts.OnPhoneSilent == nil {
		return nil, err
	}
	for _, r := range records {
		if r.Name == name && r.Told {
			s, err := d.phoneStatus(u, r)
			return func(ctx context.Context) error { return d.opts.OnPhoneSilent(ctx, s) }, err
		}
	}
	return nil, nil
}

// deliver calls a callback, and removes its notice or puts it off.
func (d *Dispatcher) deliver(ctx context.Context, n notice, callback func(context.Context) error) error {
	err := contained(ctx, callback)
	// What was done is worth keeping though ctx has ended.
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstPause)
	defer cancel()
	if err == nil {
		return d.do(kept, "remove notice", func(u *unit) error { return u.told(n.ID) })
	}
	if ctx.Err() == nil {
		d.opts.Logger.LogAttrs(ctx, slog.LevelError, "callback failed, it will be called again",
			slog.String("notice", n.Kind), slog.String("about", n.Subject), slog.Int("tries", n.Tries), slog.Any("error", err))
	}
	return d.do(kept, "put off notice", func(u *unit) error {
		n.Due = u.now() + pause(n.Tries).Milliseconds()
		return u.tell(n)
	})
}

// contained calls a callback, which may be nil, within its time. A panic is an
// error like any other; its value may hold anything and is not shown.
func contained(ctx context.Context, callback func(context.Context) error) (err error) {
	if callback == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %s\n%s", panicText(p), debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	return callback(ctx)
}

// panicText describes a recovered value by its type, and in full only if the
// runtime made it: a value of somebody else may hold anything.
func panicText(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}

// pause returns how long to wait after a callback has failed so many times.
func pause(tries int) time.Duration {
	return min(firstPause<<min(max(tries-1, 0), 10), longestPause)
}
