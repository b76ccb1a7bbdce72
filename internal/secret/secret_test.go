package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/secret"
)

const key = "693axxx6-7aoc-4bc4"

// outer holds a secret in every position in which a printer may come upon it.
type outer struct {
	Exported secret.Text            `json:"exported"`
	Pointer  *secret.Text           `json:"pointer"`
	Slice    []secret.Text          `json:"slice"`
	Map      map[string]secret.Text `json:"map"`
	Any      any                    `json:"any"`

	hidden        secret.Text
	hiddenPointer *secret.Text
	hiddenInner   *inner
	inner
}

type inner struct {
	key  secret.Text
	keys []secret.Text
}

func newOuter() *outer {
	t := secret.New(key)
	return &outer{
		Exported: t, Pointer: &t, Slice: []secret.Text{t}, Map: map[string]secret.Text{"k": t}, Any: t,
		hidden: t, hiddenPointer: &t, hiddenInner: &inner{t, []secret.Text{t}}, inner: inner{key: t},
	}
}

// requireHidden fails if text holds the key in a form that fmt gives to it.
func requireHidden(t *testing.T, text string) {
	t.Helper()
	for _, verb := range []string{"%s", "%x", "%X", "%d", "% x", "%v"} {
		require.NotContains(t, text, fmt.Sprintf(verb, key))
		require.NotContains(t, text, fmt.Sprintf(verb, []byte(key)))
	}
}

func TestFmtShowsNothing(t *testing.T) {
	t.Parallel()
	o := newOuter()
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%#q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%T", "%w", "%10.50s", "%!",
	} {
		for _, v := range []any{o, *o, o.Exported, o.Pointer, o.Slice, o.Map, &o.Slice, o.inner, []any{o}} {
			requireHidden(t, fmt.Sprintf(verb, v))
		}
	}
	requireHidden(t, fmt.Sprint(o, o.Exported)+fmt.Sprintln(*o))
	requireHidden(t, fmt.Errorf("new: %v: %w", o, errors.New("x")).Error())
	require.Equal(t, "[redacted]", fmt.Sprint(o.Exported))
	require.Equal(t, "[redacted]", fmt.Sprintf("%#v", o.Exported))
}

func TestEncodersShowNothing(t *testing.T) {
	t.Parallel()
	o := newOuter()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	requireHidden(t, string(text))
	require.Contains(t, string(text), `"exported":"[redacted]"`)
	type config struct{ Key secret.Text }
	text, err = xml.Marshal(config{o.Exported})
	require.NoError(t, err)
	requireHidden(t, string(text))
}

func TestLogsShowNothing(t *testing.T) {
	t.Parallel()
	o := newOuter()
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		l := slog.New(h).With("with", o.Exported)
		l.Info("m", "key", o.Exported, "pointer", o.Pointer, "outer", o, "value", *o, slog.Group("g", "key", o.Exported))
	}
	log.New(&b, "", 0).Printf("%v %+v", o, o.hiddenInner)
	require.Contains(t, b.String(), "key=[redacted]")
	require.Equal(t, slog.StringValue("[redacted]"), slog.AnyValue(o.Exported).Resolve(), "for handlers of others")
	requireHidden(t, b.String())
}

// testify's diff is drawn by a printer that follows pointers and calls no
// methods.
func TestDiffShowsNothing(t *testing.T) {
	t.Parallel()
	var r recorder
	require.Equal(&r, &outer{}, newOuter())
	require.Contains(t, r.text, "Diff:")
	requireHidden(t, r.text)
	r.text = ""
	require.Contains(&r, []*outer{newOuter()}, &outer{})
	requireHidden(t, r.text)
}

type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }
func (r *recorder) FailNow()                          {}

// A panic prints its value and the arguments on the stack; it needs a process
// of its own.
func TestPanicShowsNothing(t *testing.T) {
	const marker = "TOCSIN_TEST_PANIC"
	switch os.Getenv(marker) {
	case "text":
		panic(secret.New(key))
	case "error":
		panic(fmt.Errorf("send: %+v", newOuter()))
	case "struct":
		panic(*newOuter())
	}
	t.Parallel()
	for _, what := range []string{"text", "error", "struct"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicShowsNothing$")
		cmd.Env = append(os.Environ(), marker+"="+what)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "panic: ")
		requireHidden(t, string(out))
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var zero secret.Text
	require.Empty(t, zero.Reveal())
	require.True(t, zero.IsZero())
	require.True(t, secret.New("").IsZero())
	require.Equal(t, "[redacted]", zero.String(), "whether there is one is nobody's business")
	require.Equal(t, key, secret.New(key).Reveal())
	require.False(t, secret.New(key).IsZero())
}

func TestRedact(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, key, in, want string }{
		{"none", "", "text", "text"},
		{"absent", "k3y", "text", "text"},
		{"twice", "k3y", "k3y=k3y!", "[redacted]=[redacted]!"},
		{"in a query", "a b&c", "?key=a+b%26c", "?key=[redacted]"},
		{"in a path", "a b&c", "/send/a%20b&c/x", "/send/[redacted]/x"},
		{"plain", "a b&c", "invalid key a b&c", "invalid key [redacted]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, secret.New(tt.key).Redact(tt.in))
		})
	}
}

func ExampleText() {
	robot := struct {
		Name string
		key  secret.Text
	}{"duty", secret.New("693a")}

	fmt.Println(robot.key)
	fmt.Println(robot.key.Redact("invalid key 693a"))
	fmt.Println(len(robot.key.Reveal()))
	// Output:
	// [redacted]
	// invalid key [redacted]
	// 4
}
