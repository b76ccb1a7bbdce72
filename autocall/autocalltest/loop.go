package autocalltest

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	errorWait = 15 * time.Second // after a failure on the wire
	lookD     = 10 * time.Second // between two looks at the call log
	lookAC    = time.Second      // A does not pause, which nobody can tell from this
)

// live is the life of the app, from its start to its end.
func (p *Phone) live(ctx context.Context) error {
	if err := p.wait(ctx, p.opts.StartDelay); err != nil {
		return err
	}
	for {
		err := p.step(ctx)
		if err == nil {
			err = p.wait(ctx, p.opts.PollInterval)
		} else if errors.Is(err, errWire) {
			err = p.wait(ctx, errorWait)
		}
		if err != nil {
			return err
		}
	}
}

// step polls, and does what the answer says.
func (p *Phone) step(ctx context.Context) error {
	p.mu.Lock()
	p.polls++
	p.mu.Unlock()
	a, err := p.get(ctx)
	if err != nil || a.code != "0" {
		return err
	}
	if a.mid == p.app.mid {
		return p.check(ctx, a.numbers)
	}
	p.app = app{mid: a.mid, mark: time.Now()}
	if len(a.numbers) > 0 {
		p.turnTo(a.numbers[0])
	}
	return nil
}

// turnTo makes a number the current one and dials it.
func (p *Phone) turnTo(number string) {
	p.app.number = number
	p.dial(number)
}

// check looks in the call log for the current number, until there is something
// to go by, and goes on with the list. The server hears nothing meanwhile.
func (p *Phone) check(ctx context.Context, numbers []string) error {
	pause := lookAC
	if p.opts.Version == D {
		pause = lookD
	}
	for {
		last, found := p.lastLogged()
		switch {
		case !found || last.Start.Before(p.app.mark): // the first call has not ended
		case last.Number == p.app.number && last.Talk > 0:
			return p.post(ctx, p.app.number)
		case last.Number == p.app.number:
			return p.next(ctx, numbers)
		case p.opts.Version == D:
			if err := p.wait(ctx, pause); err != nil {
				return err
			}
			return p.next(ctx, numbers)
		}
		if err := p.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// next dials the number after the first place of the current one, or tells that
// nobody picked up.
func (p *Phone) next(ctx context.Context, numbers []string) error {
	place := slices.Index(numbers, p.app.number) + 1
	if place < len(numbers) {
		p.turnTo(numbers[place])
		return nil
	}
	err := p.post(ctx, "")
	if err == nil {
		p.app = app{}
	}
	return err
}
