package ocp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/markup"
)

const (
	defaultScriptTimeout = 8 * time.Second // of the ten that OCP gives a script
	scriptGrace          = time.Second     // for a handler to report that its time is over

	maxReason = 2000 // bytes

	exitSent   = 0
	exitFailed = 1
)

// A Script delivers what p says before ctx ends. An error means that not
// everything was delivered; OCP runs the script again.
type Script func(ctx context.Context, p *Payload) error

// MainOptions configures [Main]. Nil and zero values mean the defaults.
type MainOptions struct {
	// Environ is what the payload is read from, as [os.Environ] returns it,
	// which is the default.
	Environ []string

	// Stdout and Stderr take the one output; give both or none. By default they
	// are those of the process, and whatever else is written to these two is thrown
	// away; see Main.
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
//   - {"errcode":0,"errmsg":"ok"} on standard output, with 0 and, if [Remember]
//     could not use its file, with a member named warning, or
//   - {"errcode":1,"errmsg":"…"} on standard error, with 1.
//
// The second one says why: the environment holds no alarm, handle returned an
// error, panicked, or did not return in time, in which case it is abandoned.
// Reasons are one line of at most 2000 bytes; paths, queries and users of URLs are
// removed, since the key of a robot stands there. Of a panic, only the type of its
// value is told unless the runtime caused it.
//
// Do everything in handle, which runs in a goroutine of its own, reading flags and
// settings too: a mistake in these must keep the contract. From the call of Main to
// the end of the process, os.Stdout, os.Stderr and the default loggers of log/slog
// and log lead nowhere; on Linux so do the file descriptors 1 and 2. What still comes
// through, with exit code 2, is the runtime's report of a crash, such as a panic in
// another goroutine.
func Main(ctx context.Context, handle Script, opts *MainOptions) int {
	o := *cmp.Or(opts, &MainOptions{})
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Stdout == nil || o.Stderr == nil {
		o.Stdout, o.Stderr = takeStreams()
	}
	note := &warning{}
	if err := o.run(context.WithValue(ctx, warningKey{}, note), handle); err != nil {
		reason := markup.OneLine(hideURLs(err.Error()), maxReason)
		_, _ = io.WriteString(o.Stderr, failureAnswer(exitFailed, reason)) // there is no other way to say it
		return exitFailed
	}
	if _, err := io.WriteString(o.Stdout, note.answer()); err != nil {
		return exitFailed // whoever was to read it has gone
	}
	return exitSent
}

// Deliver returns the Script that sends the alert of a payload to s.
func Deliver(s alert.Sender) Script {
	return func(ctx context.Context, p *Payload) error { return s.Send(ctx, p.Alert()) }
}

func (o *MainOptions) run(ctx context.Context, handle Script) error {
	p, err := FromEnv(o.Environ)
	if err != nil {
		return err
	}
	if timeout := cmp.Or(o.Timeout, defaultScriptTimeout); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("ocp: the script did not return") // if it ends its goroutine
		defer func() {
			if v := recover(); v != nil {
				err = errors.New("ocp: the script panicked: " + inbound.PanicText(v))
			}
			done <- err
		}()
		err = handle(ctx, p)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(scriptGrace):
		return fmt.Errorf("ocp: no outcome in time, which may mean that it was delivered: %w", ctx.Err())
	}
}

// success is the answer to a delivery, which OCP's documentation compares for
// DingTalk and WeCom, and which a [Handler] gives too.
const success = `{"errcode":0,"errmsg":"ok"}`

// A warning is what the answer of a script says beside its success.
type warning struct{ text atomic.Pointer[string] }

type warningKey struct{}

// answer returns what the script prints after a delivery.
func (w *warning) answer() string {
	text := w.text.Load()
	if text == nil {
		return success
	}
	return strings.TrimSuffix(success, "}") + `,"warning":` + string(encodeJSON(markup.OneLine(*text, maxReason))) + "}"
}

// warn adds trouble with a state file, if there is any, to the answer of the
// script that ctx is of.
func warn(ctx context.Context, trouble error) {
	if w, ok := ctx.Value(warningKey{}).(*warning); ok && trouble != nil {
		w.text.Store(new(footOf(trouble)))
	}
}

// failureAnswer returns a JSON object that is not what OCP waits for.
func failureAnswer(code int, text string) string {
	return fmt.Sprintf(`{"errcode":%d,"errmsg":%s}`, code, encodeJSON(text))
}

// hideURLs removes from each URL what stands behind the host, and a user in
// front of it. Errors of net/http repeat the URL that was called.
func hideURLs(s string) string {
	urls := regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s"'<>/?#]*@)?([^\s"'<>/?#]*)[^\s"'<>]*`)
	return urls.ReplaceAllString(s, "$1$2")
}

// takeStreams returns the output and the error output of the process and
// leaves nothing in their place, neither for code that writes to the variables of
// package os nor for the default loggers.
func takeStreams() (stdout, stderr io.Writer) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // that of package log writes there too
	stdout, stderr = os.Stdout, os.Stderr
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return stdout, stderr // then there is only the handler's good will
	}
	if out, errout, err := replaceDescriptors(nowhere); err == nil {
		stdout, stderr = out, errout
	}
	os.Stdout, os.Stderr = nowhere, nowhere
	return stdout, stderr
}
