package ocp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// The time that Main leaves itself. OCP gives a script ten seconds by default
// (ocp.alarm.send.once-timeout-ms).
const (
	defaultScriptTimeout = 8 * time.Second
	scriptGrace          = time.Second // for a handler to report that its time is over
)

// The exit codes of a script.
const (
	exitSent   = 0
	exitFailed = 1
)

// A Script does what a script is for: it delivers what p says before ctx ends,
// and returns what to answer. An error means that not everything was
// delivered; OCP runs the script again.
type Script func(ctx context.Context, p *Payload) (Response, error)

// MainOptions configures [Main]. A nil *MainOptions and the zero value of each
// field mean the default.
type MainOptions struct {
	// Environ is what the payload is read from, as [os.Environ] returns it,
	// which is the default.
	Environ []string

	// Extra names further variables for [FromEnv].
	Extra []string

	// Stdout and Stderr take the one output. By default they are those of the
	// process, and whatever else is written to these two is thrown away; see
	// Main.
	Stdout, Stderr io.Writer

	// Timeout is how long the script may take. Main waits one second more for it
	// to return. Default: 8 s, within OCP's 10; -1 sets no limit.
	Timeout time.Duration
}

// Main runs handle as the script of an OCP channel and returns the exit code,
// for [os.Exit]. It keeps the contract by which OCP judges a sending, and
// which any further line breaks: exactly one output, a JSON object without a
// line feed, either
//
//   - the Response of handle on standard output, with 0 and, if [Remember] has
//     something to complain of, with a member named warning, or
//   - {"errcode":1,"errmsg":"…"} on standard error, with 1.
//
// The second one says why: the environment holds no alarm ([ErrNoAlarm]),
// handle returned an error or something that is no [Response], panicked, or
// did not return in time, in which case it is abandoned. Reasons are one line of
// at most 2000 bytes; paths, queries and users of URLs are removed, since the
// key of a robot stands there. Of a panic, only the type of its value is told
// unless the runtime caused it.
//
// Do everything in handle, reading flags and settings too, so that a mistake
// in these keeps the contract. From the call of Main to the end of the process,
// os.Stdout, os.Stderr and the default loggers of log/slog and log lead nowhere,
// as nothing may stand beside the answer or follow it; on Linux so do the file
// descriptors 1 and 2, which also keeps out the lines of a library that has its
// own way there. What still comes through, with exit code 2, is the runtime's
// report of a crash, such as a panic in a goroutine that handle has started.
// None of that happens if Stdout and Stderr are given; if one of them is, the
// other one is silent by default.
//
// handle runs in a goroutine of its own. Main is for the one goroutine of a
// program.
func Main(ctx context.Context, handle Script, opts *MainOptions) int {
	var o MainOptions
	if opts != nil {
		o = *opts
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	switch {
	case o.Stdout == nil && o.Stderr == nil:
		o.Stdout, o.Stderr = takeStreams()
	case o.Stdout == nil:
		o.Stdout = io.Discard
	case o.Stderr == nil:
		o.Stderr = io.Discard
	}
	response, err := o.run(ctx, handle)
	if err != nil {
		_, _ = io.WriteString(o.Stderr, failureText(err)) // there is no other way to say it
		return exitFailed
	}
	if _, err := io.WriteString(o.Stdout, string(response)); err != nil {
		return exitFailed // whoever was to read it has gone
	}
	return exitSent
}

// Deliver returns the Script that sends the alert of a payload to s and
// answers [ResponseOK].
func Deliver(s alert.Sender) Script {
	return func(ctx context.Context, p *Payload) (Response, error) {
		if err := s.Send(ctx, p.Alert()); err != nil {
			return "", err
		}
		return ResponseOK, nil
	}
}

func (o *MainOptions) run(ctx context.Context, handle Script) (Response, error) {
	p, err := FromEnv(o.Environ, o.Extra...)
	if err != nil {
		return "", err
	}
	timeout := o.Timeout
	if timeout == 0 {
		timeout = defaultScriptTimeout
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	notes := &warnings{}
	ctx = context.WithValue(ctx, warningsKey{}, notes)
	done := make(chan outcome, 1)
	go func() {
		result := outcome{err: errors.New("ocp: the script did not return")} // if it ends its goroutine
		defer func() {
			if v := recover(); v != nil {
				result = outcome{err: errors.New("ocp: the script panicked: " + inbound.PanicText(v))}
			}
			done <- result
		}()
		result.response, result.err = handle(ctx, p)
		if result.err == nil {
			result.response, result.err = result.response.complete(notes)
		}
	}()
	select {
	case result := <-done:
		return result.response, result.err
	case <-ctx.Done():
	}
	select {
	case result := <-done:
		return result.response, result.err
	case <-time.After(scriptGrace):
		return "", fmt.Errorf("ocp: no outcome in time, which may mean that it was delivered: %w", ctx.Err())
	}
}

type outcome struct {
	response Response
	err      error
}
