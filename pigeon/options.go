package pigeon

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Options configures a [Client]. A nil *Options and the zero value of each
// field mean the default. Printing it shows nothing but its name: it holds a
// password.
type Options struct {
	// HTTPClient carries the requests. Its Transport, Jar and Timeout are
	// used; redirects are refused. The Transport must not repeat requests by
	// itself. Default: a client of the Client's own.
	HTTPClient *http.Client

	// Timeout bounds one attempt, the answer included. Default: 10 s; -1
	// leaves it to HTTPClient and the context.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of one call. An invocation is attempted
	// again only if certainly nothing was placed. Default: 3; -1 means 1.
	MaxAttempts int

	// Logger gets one record an attempt at level Debug, without address and
	// content, and one at Info when a [Sender] without a Ringer of yours rings
	// nobody, and why. Default: none.
	Logger *slog.Logger

	// User and Password are for a space that sits behind HTTP Basic
	// authentication; the token travels in a header of its own beside it.
	// Default: none.
	User, Password string

	// AllowHTTP permits a base URL with http:// on any host but the vendor's.
	// Token, texts and telephone numbers then cross the network in the open.
	// Default: http:// to loopback addresses only.
	AllowHTTP bool
}

// Format prints the name of the type for every verb.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "pigeon.Options") }

// LogValue returns the name of the type.
func (o Options) LogValue() slog.Value { return slog.StringValue("pigeon.Options") }
