package autocall

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// waitEvery is how often Wait asks, give or take half a second.
const waitEvery = 2 * time.Second

// Wait returns the Status of a call when it is final, by asking any Queue every
// two seconds. When ctx ends, it returns the last Status that it saw and an
// error that matches ctx.Err(). An error of the queue that is retryable is
// waited out; an unknown call matches [ErrUnknownCall].
//
// Somebody must [Dispatcher.Run] the queue: without it, a call that no phone
// takes does not end. A call that nobody answered may be answered late, see [EventLate]; Wait has
// returned by then.
func Wait(ctx context.Context, q Queue, id string) (last Status, err error) {
	for {
		s, err := q.Get(ctx, id)
		switch {
		case err == nil && !s.State.Open():
			return s, nil
		case err == nil:
			last = s
		case !alert.Retryable(err):
			return last, err
		}
		timer := time.NewTimer(waitEvery - time.Second/2 + rand.N(time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return last, fmt.Errorf("autocall: waiting for an outcome: %w", errors.Join(ctx.Err(), err))
		}
	}
}
