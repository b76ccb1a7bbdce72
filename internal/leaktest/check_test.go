package leaktest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// key has characters that the encodings change.
const key = `SEC-0a/b+"c<d é=`

// A recorder takes the place of the test that is to fail.
type recorder struct {
	testing.TB
	failures []string
}

func (*recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// check returns what Check reports.
func check(secrets []string, values ...any) string {
	r := &recorder{}
	leaktest.Check(r, secrets, values...)
	return strings.Join(r.failures, "\n")
}

// The types that follow leak in one way each.
type (
	token       string
	withString  struct{ token token }
	behind      struct{ inner *withString }
	stringer    struct{ reveal func() string }
	goStringer  struct{ reveal func() string }
	logValuer   struct{ reveal func() string }
	marshaler   struct{ reveal func() string }
	badError    struct{ reveal func() string }
	quietError  struct{ err error }
	quietErrors struct{ errs []error }
	formatter   struct{ reveal func() string }
	panicker    struct{}
)

func (token) String() string                     { return "[redacted]" }
func (s stringer) String() string                { return s.reveal() }
func (s goStringer) GoString() string            { return s.reveal() }
func (s logValuer) LogValue() slog.Value         { return slog.GroupValue(slog.String("token", s.reveal())) }
func (s marshaler) MarshalText() ([]byte, error) { return []byte(s.reveal()), nil }
func (e badError) Error() string                 { return e.reveal() }
func (quietError) Error() string                 { return "quiet" }
func (e quietError) Unwrap() error               { return e.err }
func (quietErrors) Error() string                { return "quiet" }
func (e quietErrors) Unwrap() []error            { return e.errs }
func (panicker) MarshalText() ([]byte, error)    { panic(key) }

func (f formatter) Format(s fmt.State, verb rune) {
	if verb == 'd' {
		_, _ = fmt.Fprint(s, f.reveal())
	}
}

// hidden returns a closure, into which nothing looks.
func hidden() func() string { return func() string { return key } }

// TestLeaks shows that each leak is found, and where.
func TestLeaks(t *testing.T) {
	t.Parallel()
	cycle := map[string]any{}
	cycle["self"] = &cycle
	cycle["key"] = &[]any{new(key)}
	tests := []struct {
		name  string
		value any
		want  string // a part of the report
	}{
		{"text", "log line " + key, "value 1 of 1 (string): %v shows secret 1 of 1, as it is"},
		{"bytes", []byte(key), "%s shows secret 1 of 1"},
		{"String", stringer{hidden()}, "%v shows"},
		{"GoString", goStringer{hidden()}, "%#v shows"},
		{"LogValue", logValuer{hidden()}, "slog JSON shows"},
		{"MarshalText", marshaler{hidden()}, "(leaktest_test.marshaler): JSON shows"},
		{"one verb", formatter{hidden()}, "%d shows"},
		{"String in a panic", stringer{hidden()}, "a panic shows"},
		{"String does not help in a field", withString{key}, "%+v shows"},
		{"nor behind a pointer", &withString{key}, "%+v shows"},
		{"nor in a struct around it", token(key), "%+v of a struct around it shows"},
		{"two pointers", &behind{&withString{key}}, "the text in the value.inner.token shows"},
		{"in cycles", cycle, "the text in the value[…][…] shows"},
		{"map key", map[any]int{new(key): 1}, "the text in a key of the value shows"},
		{"bytes behind a pointer", &struct{ b [][]byte }{[][]byte{[]byte("x" + key)}}, "the bytes in the value.b[…] shows"},
		{"array of bytes", &struct{ b *[20]byte }{(*[20]byte)([]byte(key + "   "))}, "the bytes in the value.b shows"},
		{"error", badError{hidden()}, "(leaktest_test.badError): %v shows"},
		{"wrapped", quietError{fmt.Errorf("x: %w", badError{hidden()})},
			"(leaktest_test.quietError), wrapped error 1 (*fmt.wrapError), wrapped error 1 (leaktest_test.badError): %v shows"},
		{"wrapped among others", quietErrors{[]error{errors.New("x"), badError{hidden()}}}, "wrapped error 2 (leaktest_test.badError): %v shows"},
		{"url.Error", &url.Error{Op: "Post", URL: "https://h/?key=" + url.QueryEscape(key), Err: context.Canceled}, "%v shows secret 1 of 1, escaped for a query"},
		{"request", &http.Request{Header: http.Header{"Authorization": {key}}}, "the text in the value.Header[…][…] shows"},
		{"panics itself", panicker{}, "(leaktest_test.panicker): JSON panics"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := check([]string{key}, tt.value)
			require.Contains(t, report, tt.want)
			for _, withheld := range []string{key, url.QueryEscape(key), "SEC-0a"} {
				require.NotContains(t, report, withheld)
			}
		})
	}
}

// TestSpellings shows the forms in which a secret is found.
func TestSpellings(t *testing.T) {
	t.Parallel()
	spaced := fmt.Sprintf("% X", key)
	tests := map[string]string{
		"as it is":                                   key,
		"as it is, in capitals":                      strings.ToUpper(key),
		"reversed":                                   `=é d<c"+b/a0-CES`,
		"escaped for a query":                        url.QueryEscape(key),
		"escaped for a query, small":                 strings.ToLower(url.QueryEscape(key)),
		"escaped for a path":                         url.PathEscape(key),
		"escaped for a query twice":                  url.QueryEscape(url.QueryEscape(key)),
		"percent-encoded but for letters and digits": "SEC%2D0a%2Fb%2B%22c%3Cd%20%C3%A9%3D",
		"percent-encoded":                            "%" + strings.ReplaceAll(spaced, " ", "%"),
		"quoted":                                     fmt.Sprintf("%q", key),
		"quoted in ASCII":                            fmt.Sprintf("%+q", key),
		"in JSON":                                    `SEC-0a/b+\"c\u003cd é=`,
		"escaped for HTML":                           html.EscapeString(key),
		"in hexadecimal":                             hex.EncodeToString([]byte(key)),
		"in hexadecimal with blanks":                 spaced,
		"as a list of bytes":                         fmt.Sprintf("%d", []byte("x"+key+"x")),
		"as a list of bytes in Go":                   fmt.Sprintf("%#v", []byte("x"+key+"x")),
		"in base64":                                  base64.StdEncoding.EncodeToString([]byte(key)),
		"in base64, one further":                     base64.StdEncoding.EncodeToString([]byte("x" + key + "yz")),
		"in base64, two further":                     base64.RawStdEncoding.EncodeToString([]byte("xy" + key + "z")),
		"in base64, three further":                   base64.StdEncoding.EncodeToString([]byte("xyz" + key)),
		"in base64 for URLs":                         base64.RawURLEncoding.EncodeToString([]byte("xyz" + key)),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, check([]string{key}, "x "+text+" x"), "%v shows secret 1 of 1, ")
		})
	}
}

// TestClean shows values that show nothing.
func TestClean(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx := context.WithValue(t.Context(), token("x"), key)
	values := map[string]any{
		"nil":           nil,
		"nil pointer":   (*withString)(nil),
		"nil error":     quietError{},
		"text":          "SEC-0a",
		"number":        7,
		"closure":       hidden(),
		"secret.Text":   secret.New(key),
		"around a Text": &struct{ t secret.Text }{secret.New(key)},
		"logger":        slog.New(slog.NewTextHandler(&log, nil)).With("k", key),
		"context":       &struct{ r *http.Request }{(&http.Request{Host: "x"}).WithContext(ctx)},
		"channel":       make(chan string),
		"nil map":       map[string]string(nil),
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leaktest.Check(t, []string{key}, v)
		})
	}
}

// TestNames shows that a report names each secret and each value.
func TestNames(t *testing.T) {
	t.Parallel()
	report := check([]string{"first-one", "second-one"}, "x", "first-one and second-one")
	require.Contains(t, report, "value 2 of 2 (string): %v shows secret 1 of 2, as it is")
	require.Contains(t, report, "value 2 of 2 (string): %v shows secret 2 of 2, as it is")
	require.NotContains(t, report, "value 1 of 2")
}

// A check that could find nothing, or anything, fails.
func TestUselessChecks(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "short"} {
		require.Equal(t, "leaktest: secret 2 has less than 6 bytes and cannot be told from chance", check([]string{key, s}, "short"))
	}
	require.Contains(t, check([]string{key}, &struct{ p *[200001]int }{new([200001]int)}), "too large to be searched whole")
}

// Circular data ends, and what is reached on many ways is searched once.
func TestDeep(t *testing.T) {
	t.Parallel()
	type node struct{ next [8]*node }
	last := &node{}
	first := last
	for range 10 {
		before := &node{}
		for i := range before.next {
			before.next[i] = first
		}
		first = before
	}
	last.next[0] = first
	leaktest.Check(t, []string{key}, first)
}
