package alert

import (
	"context"
	"slices"
)

// A Sender delivers alerts. One call is one attempt to deliver all of them.
//
// A Sender must
//
//   - be safe for concurrent use;
//   - return soon after ctx ends, with an error that matches ctx.Err();
//   - neither modify nor reorder the alerts, and keep no reference to them
//     after it has returned;
//   - return nil only if the far end accepted every alert, or accepted a
//     digest whose counts account for every alert;
//   - make one message of many alerts where the channel allows it;
//   - do nothing and return nil when given no alerts;
//   - return errors that answer [Retryable] and [RetryAfter], that match
//     [ErrUncertain] when bytes left and no answer came, and that say through
//     [PartialError] which alerts arrived when some did and some did not;
//   - put no secret and no whole telephone number into an error or a log.
//
// It may retry inside the call unless ctx came from [Once]. The package
// alerttest checks these duties.
type Sender interface {
	Send(ctx context.Context, alerts ...Alert) error
}

// A SenderFunc is a function that serves as a [Sender].
type SenderFunc func(ctx context.Context, alerts ...Alert) error

// Send calls f.
func (f SenderFunc) Send(ctx context.Context, alerts ...Alert) error {
	return f(ctx, alerts...)
}

// A Middleware wraps a Sender in another one that adds something to it.
type Middleware func(Sender) Sender

// Chain wraps s in the given middleware. The first one listed is the
// outermost: it sees the alerts first and the error last.
func Chain(s Sender, mw ...Middleware) Sender {
	for _, wrap := range slices.Backward(mw) {
		s = wrap(s)
	}
	return s
}

// onceKey marks a context made by Once.
type onceKey struct{}

// Once returns a context that asks every Sender for a single attempt: no
// retries inside the call, and an error that answers [RetryAfter] instead of
// waiting for rate budget. A caller that has a retry loop of its own needs
// it, since nested loops multiply: three attempts around eight are 24 calls.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

// IsOnce reports whether ctx comes from [Once]. Senders ask it.
func IsOnce(ctx context.Context) bool {
	once, _ := ctx.Value(onceKey{}).(bool)
	return once
}
