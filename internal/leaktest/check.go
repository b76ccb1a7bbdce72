// Package leaktest looks for secrets in everything that a value shows when it
// is printed, logged, encoded, compared by a test library, or panicked with.
package leaktest

import (
	"fmt"
	"testing"
)

// minSecret is the length in bytes below which a secret may appear by chance.
const minSecret = 6

// Check fails the test for each secret that one of the values shows, and says
// which value, in which print and in which spelling, but not the secret. The
// ways that it tries:
//
//   - fmt with %v, %+v, %#v, %s, %q, %x and %d, also as an unexported field of
//     a struct, whose methods fmt cannot call
//   - slog as text and as JSON at Debug, and encoding/json
//   - a panic, with its stack
//   - all strings and bytes that can be reached through pointers, unexported
//     fields and containers, as test libraries print them; functions hide what
//     they hold
//   - all that for each error that the value wraps
//
// A secret is also found reversed, in other letter case, quoted, escaped for a
// URL, for HTML or for JSON, in hexadecimal, as a list of bytes, and inside of
// base64. A string or a []byte among the values is text to search: a log, a
// request that another host received.
//
// A secret of less than 6 bytes fails the test, as it is found by chance, and
// so does a value whose printing panics. Check reads fields without locks:
// nothing may write to the values meanwhile. It does not look inside contexts,
// loggers and the standard library's HTTP transport, whose goroutines write to
// themselves.
func Check(tb testing.TB, secrets []string, values ...any) {
	tb.Helper()
	c := &check{tb: tb}
	for i, s := range secrets {
		if len(s) < minSecret {
			tb.Errorf("leaktest: secret %d has less than %d bytes and cannot be told from chance", i+1, minSecret)
			continue
		}
		c.secrets = append(c.secrets, target{fmt.Sprintf("secret %d of %d", i+1, len(secrets)), spellings(s)})
	}
	for i, v := range values {
		c.value(fmt.Sprintf("value %d of %d (%T)", i+1, len(values), v), v)
	}
}

// A check is one call of Check.
type check struct {
	tb      testing.TB
	secrets []target
}

// A target is a secret in all its spellings.
type target struct {
	name      string
	spellings []spelling
}

// value tries every way on a value and on the errors that it wraps.
func (c *check) value(name string, v any) {
	c.tb.Helper()
	for _, p := range prints() {
		c.print(name, p, v)
	}
	c.walk(name, v)
	for i, inner := range unwrap(v) {
		c.value(fmt.Sprintf("%s, wrapped error %d (%T)", name, i+1, inner), inner)
	}
}

// unwrap returns the errors that v wraps, if it is an error.
func unwrap(v any) []error {
	switch e := v.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return []error{inner}
		}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// print tries one way on a value.
func (c *check) print(name string, p printer, v any) {
	c.tb.Helper()
	defer func() {
		if recover() != nil { // with what is not said, it may be the secret
			c.tb.Errorf("leaktest: %s: %s panics", name, p.name)
		}
	}()
	c.search(name, p.name, p.print(v))
}

// search reports each secret that a text holds.
func (c *check) search(name, where, text string) {
	c.tb.Helper()
	for _, t := range c.secrets {
		for _, s := range t.spellings {
			if s.in(text) {
				c.tb.Errorf("leaktest: %s: %s shows %s, %s", name, where, t.name, s.name)
				break
			}
		}
	}
}
