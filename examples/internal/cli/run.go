// Package cli is what the programs of this module have in common: settings
// that may stand in flags, in the environment or in files; errors that fit
// into one line and quote no value; and exit statuses.
//
// A program with a table of settings uses a [Form]. One with flags of its own
// takes from here what it needs, such as [Lookup] for its secrets.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"
)

// The exit statuses.
const (
	ExitOK      = 0
	ExitFailure = 1 // the work could not be done
	ExitUsage   = 2 // a setting is wrong; nothing was started
)

// Main runs a program until it returns, and ends the process with the status.
// The first interrupt ends its context, the next one the process at once.
func Main(run func(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// Exit returns the status for the error that a program ended with, and tells
// of it in one line. That -help was answered is none.
func Exit(program string, err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return ExitOK
	}
	fmt.Fprintf(stderr, "%s: %s\n", program, Printable(err.Error()))
	if _, ok := errors.AsType[UsageError](err); ok {
		return ExitUsage
	}
	return ExitFailure
}

// A UsageError is the operator's to correct; [Exit] answers it with ExitUsage.
type UsageError struct{ Err error }

// Error is that of Err.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e UsageError) Unwrap() error { return e.Err }

// Printable makes one line of a text, with a dot for each character that
// cannot be seen: an escape sequence from outside must not reach a terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
