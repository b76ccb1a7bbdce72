package outbox

import (
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Defaults and limits of Options and RouteOptions.
const (
	defaultWindow     = 24 * time.Hour
	defaultKeepDead   = 30 * 24 * time.Hour
	defaultLease      = time.Minute
	defaultPoll       = time.Second
	defaultGrace      = 5 * time.Second
	defaultBatch      = 100
	maxBatch          = 1000
	defaultBackoff    = 2 * time.Second
	defaultMaxBackoff = 5 * time.Minute
	defaultMaxAge     = 24 * time.Hour
	defaultTimeout    = 20 * time.Second
	maxName           = 100 // bytes
)

// Options change what an Outbox does. Nil and the zero value mean the defaults.
type Options struct {
	// Window is how long an event is remembered: an alert with the Source and ID
	// of one that was accepted within it counts as accepted and is not kept
	// again. Default 24 h; -1 disables it.
	Window time.Duration

	// KeepDead is how long dead letters are kept. Default 30 days; -1 for ever.
	KeepDead time.Duration

	// Lease is how long a worker that is silent keeps its routes, and so the
	// delay after a crash. It bounds the clock skew and the pauses of a process
	// that do no harm. Default 1 min.
	Lease time.Duration

	// Poll is how often a worker looks for what other processes have accepted,
	// and for what is due again. Default 1 s.
	Poll time.Duration

	// Grace is how long the message under way may take when Run is to end,
	// before it is cut off with an uncertain outcome. Default 5 s.
	Grace time.Duration

	// MaxWaiting, if not 0, is how many alerts may wait on all routes together, and
	// MaxBytes how large the tables may grow while any wait, in a database. Beyond them
	// Send returns ErrFull until enough is delivered or dropped, and log, metrics and
	// Health say so. They are looked at once a second: leave room for what arrives meanwhile.
	MaxWaiting int
	MaxBytes   int64

	// Logger gets a record of each message, at Debug if it was accepted, at Warn
	// if not, and at Error for each that ends as a dead letter. Default: none.
	Logger *slog.Logger
}

// RouteOptions change what a route does. Nil and the zero value mean the
// defaults, which suit a chat.
type RouteOptions struct {
	// Budget limits the messages. Default: no limit, but what the channel says
	// by its errors is observed all the same.
	Budget Budget

	// Batch is the most alerts in one message, the critical ones first. Default
	// 100, at most 1000.
	Batch int

	// Backoff is the wait after a first failure, MaxBackoff the longest one. It
	// doubles each time. Default 2 s and 5 min.
	Backoff, MaxBackoff time.Duration

	// MaxAge ends an alert as a dead letter that has waited for longer. Default
	// 24 h; -1 disables it.
	MaxAge time.Duration

	// Timeout bounds one message. Default 20 s, at most three quarters of the
	// lease.
	Timeout time.Duration

	// Filter chooses the alerts that take this route, when they are accepted.
	// Default: all. Once it has let a problem (Source and Key) pass, later alerts
	// about it take the route too, whatever their severity, until one that is
	// Resolved has: a fall in severity and the recovery are told where the problem
	// was. What the Filter takes with no severity stays out, as do News. A route
	// with NeverTwice gets the recovery alone, since nobody is to be rung when
	// things get better. The store remembers it, for 30 days if there is no
	// recovery. The Filter is called by concurrent Sends, several times for an
	// alert, and must not change it.
	Filter func(alert.Alert) bool

	// NeverTwice is for channels that ring a telephone. What was handed to the
	// Sender and has no certain outcome, after [alert.ErrUncertain] or because
	// the process died, ends as a dead letter and is never sent again.
	NeverTwice bool

	// Resend repeats messages whose outcome is uncertain also if the channel's
	// error says that repeating cannot help, as those of telephones do. It
	// excludes NeverTwice.
	Resend bool

	// OnePerKey puts at most one alert of a Key into a message, so that the next one
	// waits until that one is delivered. It suits channels that send each alert
	// by itself, such as traps. By default what has gathered goes together, in
	// order.
	OnePerKey bool
}
