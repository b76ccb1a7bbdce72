package aliyun

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// What an [*Error] matches with errors.Is.
var (
	// ErrEmpty: there is no body, and nothing about an alert in the query.
	// Consoles probe a webhook like that.
	ErrEmpty = errors.New("empty callback")
	// ErrSyntax: the body is neither a JSON object nor a form.
	ErrSyntax = errors.New("unreadable body")
	// ErrUnknown: readable, but of no shape that CloudMonitor sends.
	ErrUnknown = errors.New("not a known CloudMonitor callback")
	// ErrAccount: the secret may not speak for the cloud account that the callback
	// names. Only a [Handler] says so.
	ErrAccount = errors.New("an account that the secret may not speak for")
)

// maxKeys and maxKey (in bytes) bound what an Error quotes.
const (
	maxKeys = 24
	maxKey  = 48
)

// An Error says why a callback gave no alert. It names the keys at the top of
// the body and never a value, which may be personal data. Reading the same
// bytes again cannot help, so it is not retryable.
type Error struct {
	// Kind is [ErrEmpty], [ErrSyntax], [ErrUnknown] or [ErrAccount].
	Kind error

	// Detail is a hint for the reader: the place of the mistake.
	Detail string

	// Keys holds the first 24 keys at the top of the body, each cut at 48
	// bytes and free of control characters. Omitted counts the rest, and keys
	// of a form that do not look like names.
	Keys    []string
	Omitted int
}

// Error returns one line without values from the body.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("aliyun: parse: " + e.reason())
	if len(e.Keys) > 0 {
		fmt.Fprintf(&b, " (keys %s", strings.Join(e.Keys, ", "))
		if e.Omitted > 0 {
			fmt.Fprintf(&b, " and %d more", e.Omitted)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// reason returns the Detail and the Kind.
func (e *Error) reason() string {
	if e.Detail == "" {
		return fmt.Sprint(e.Kind)
	}
	return fmt.Sprintf("%s: %v", e.Detail, e.Kind)
}

// Unwrap returns Kind.
func (e *Error) Unwrap() error { return e.Kind }

// Retryable reports false.
func (e *Error) Retryable() bool { return false }

// refuse builds the Error for a readable body. Prose and XML with an equals
// sign pass for a form, whose keys are then text that may hold a value: only
// what looks like a name is quoted of a form.
func refuse(kind error, detail string, fields []field) *Error {
	e := &Error{Kind: kind, Detail: detail}
	for _, f := range fields[:min(len(fields), maxKeys)] {
		if !f.plain || isName(f.key) {
			e.Keys = append(e.Keys, cleanKey(f.key))
		}
	}
	e.Omitted = len(fields) - len(e.Keys)
	return e
}

// isName tells whether s is short and consists of ASCII letters, digits and
// what joins them.
func isName(s string) bool {
	return len(s) <= maxKey && strings.IndexFunc(s, func(c rune) bool {
		return (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("_-.[]$", c)
	}) < 0
}

// cleanKey makes a key from outside fit for one line of a log.
func cleanKey(key string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, cut(key, maxKey))
}
