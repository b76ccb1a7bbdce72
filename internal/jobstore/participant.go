package jobstore

import (
	"context"
	"log/slog"

	"github.com/tocsin-go/tocsin/alert"
)

// A Participant is a Sender that takes part in the transactions of its route. An
// outbox that gets one as the Sender of a route calls the other methods too.
// Package escalate is made of them.
type Participant interface {
	alert.Sender

	// Attach is called once, when the route is added. If poll is not nil, the
	// outbox calls it while it runs, at once if there is more and else after an
	// interval.
	Attach(h Host) (poll func(context.Context) (more bool, err error))

	// Select is part of the claim: it returns those of the jobs that are still to
	// be sent, and removes the others.
	Select(t Txn, jobs []Job) ([]Job, error)

	// Begin is called before Send, which gets the context that it returns.
	Begin(ctx context.Context, jobs []Job, alerts []alert.Alert) (context.Context, Attempt)
}

// An Attempt is what the worker does after a Send, whatever its outcome.
type Attempt struct {
	Settle func(Txn) error // in the transaction that settles the jobs
	Done   func()          // after it, also if it failed

	// Required says that without Settle nothing was delivered: if it keeps failing,
	// one of the alerts may be the reason, and they are tried in smaller messages.
	// Else their outcome is recorded without it.
	Required bool
}

// A Host is a route of an outbox, as its Participant sees it.
type Host struct {
	Store  Store
	Logger *slog.Logger

	// Enroll returns when the store knows all routes, after which Number returns
	// that of this one.
	Enroll func(context.Context) error
	Number func() int64

	Notify func() // wakes the worker of the route
	Remove func() // takes the route away again, before the outbox runs
}
