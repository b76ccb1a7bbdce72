package cli_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, func() { cli.Main(program) }) }

// program fails as its settings say.
func program(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	f := newForm()
	err := f.Read(args, getenv, stdout)
	switch {
	case err != nil:
	case f.text.Text("") == "fail":
		err = errors.New("it failed\n\x1b[31mred")
	case f.text.Text("") == "wait", f.text.Text("") == "stuck":
		fmt.Fprintln(stdout, "waiting")
		<-ctx.Done()
		fmt.Fprintln(stdout, "stopping")
		if f.text.Text("") == "stuck" {
			<-time.After(time.Hour)
		}
	}
	return cli.Exit("program", err, stderr)
}

type form struct {
	cli.Form

	text, list, on *cli.Setting
}

func newForm() *form {
	f := &form{Form: cli.Form{Program: "program", About: "About it.\n\n"}}
	f.text = f.Text("some-text", "a `word` (default none)")
	f.list = f.List("list", "`words`")
	f.on = f.Toggle("on", "switches it on")
	return f
}

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// file returns the path of a new file.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hush")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestWhereAValueComesFrom(t *testing.T) {
	t.Parallel()
	const name = "TOCSIN_SOME_TEXT"
	for _, tt := range []struct {
		name         string
		args         []string
		env          map[string]string
		want, origin string
	}{
		{"nowhere", nil, nil, "default", "-some-text"},
		{"flag", []string{"-some-text", "a"}, map[string]string{name: "b", name + "_FILE": "/nowhere"}, "a", "-some-text"},
		{"empty flag", []string{"-some-text="}, map[string]string{name: "b"}, "", "-some-text"},
		{"variable", nil, map[string]string{name: "b", name + "_FILE": "/nowhere"}, "b", name},
		{"empty variable", nil, map[string]string{name: ""}, "default", "-some-text"},
		{"file", nil, map[string]string{name: "", name + "_FILE": file(t, " c \r\n\n")}, " c ", name + "_FILE"},
		{"file of Windows' editor", nil, map[string]string{name: "", name + "_FILE": file(t, "\ufeffc\r\n")}, "c", name + "_FILE"},
		{"long file", nil, map[string]string{name + "_FILE": file(t, strings.Repeat("x", cli.MaxFile))}, strings.Repeat("x", cli.MaxFile), name + "_FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newForm()
			require.NoError(t, f.Read(tt.args, env(tt.env), io.Discard))
			require.Equal(t, tt.want, f.text.Text("default"))
			require.Equal(t, tt.origin, f.text.Origin())
			require.Equal(t, tt.want != "default", f.text.Given())
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const twin = "TOCSIN_SOME_TEXT_FILE"
	for _, tt := range []struct {
		name string
		args []string
		env  map[string]string
		want string // of all of it
	}{
		{"unknown flag", []string{"-hush=hush"}, nil, "an argument is not written as a flag, or there is no such flag (see -help)"},
		{"three hyphens", []string{"---hush"}, nil, "an argument is not written as a flag, or there is no such flag (see -help)"},
		{"no value", []string{"-list"}, nil, "an argument is not written as a flag, or there is no such flag (see -help)"},
		{"arguments", []string{"hush", "hush"}, nil, "2 argument(s) too many: everything is set by flags, see -help"},
		{"twice", []string{"-some-text", "hush", "-some-text", "hush"}, nil, "-some-text: given 2 times"},
		{"toggle", []string{"-on=hush"}, nil, "-on: neither true nor false"},
		{"toggle of a variable", nil, map[string]string{"TOCSIN_ON": "hush"}, "TOCSIN_ON: neither true nor false"},
		{"no file", nil, map[string]string{twin: "/nowhere/hush"}, twin + ": no such file or directory"},
		{"directory", nil, map[string]string{twin: "/"}, twin + ": is a directory"},
		{"empty file", nil, map[string]string{twin: file(t, "\r\n")}, twin + ": the file is empty"},
		{"long file", nil, map[string]string{twin: file(t, strings.Repeat("x", cli.MaxFile+1))}, twin + ": the file is longer than 65536 bytes"},
		{"mark and nothing else", nil, map[string]string{twin: file(t, "\ufeff\r\n")}, twin + ": the file is empty"},
		{"UTF-16, little end first", nil, map[string]string{twin: file(t, "\xff\xfeh\x00u\x00s\x00h\x00")}, twin + ": the file is in UTF-16: save it as UTF-8"},
		{"UTF-16, big end first", nil, map[string]string{twin: file(t, "\xfe\xff\x00h\x00u\x00s\x00h")}, twin + ": the file is in UTF-16: save it as UTF-8"},
		{"UTF-16 without a mark", nil, map[string]string{twin: file(t, "h\x00u\x00s\x00h\x00")}, twin + ": the file is in UTF-16: save it as UTF-8"},
		{"GBK", nil, map[string]string{twin: file(t, "hush\xc3\xdc")}, twin + ": the file is not in UTF-8: save it as UTF-8"},
		{"endless file", nil, map[string]string{twin: "/dev/zero"}, twin + ": the file is longer than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := newForm().Read(tt.args, env(tt.env), io.Discard)
			require.EqualError(t, err, tt.want)
			require.ErrorAs(t, err, new(cli.UsageError))
		})
	}
	named := newForm()
	named.NameUnknown = true
	require.EqualError(t, named.Read([]string{"-lits=hush"}, env(nil), io.Discard), "flag provided but not defined: -lits (see -help)")
	require.EqualError(t, named.Read([]string{"-list"}, env(nil), io.Discard), "flag needs an argument: -list (see -help)")
	require.EqualError(t, named.Read([]string{"---hush"}, env(nil), io.Discard), "an argument is not written as a flag (see -help)")
}

func TestValues(t *testing.T) {
	t.Parallel()
	read := func(args ...string) *form {
		f := newForm()
		require.NoError(t, f.Read(args, env(nil), io.Discard))
		return f
	}
	require.Equal(t, []string{"a", "b c", "d", "e"}, read("-list", "a, b c\r\n\n,d", "-list", "e").list.List())
	require.Empty(t, read("-list", ",\n").list.List())
	require.True(t, read("-on").on.On())
	require.False(t, read("-on=false").on.On())
	require.False(t, read().on.On())

	d, err := read("-some-text", "90s").text.Duration(time.Hour)
	require.NoError(t, err)
	require.Equal(t, 90*time.Second, d)
	d, err = read().text.Duration(time.Hour)
	require.NoError(t, err)
	require.Equal(t, time.Hour, d)
	for _, bad := range []string{"", "hush", "0s", "-1s", "90"} {
		_, err = read("-some-text", bad).text.Duration(time.Hour)
		require.EqualError(t, err, "-some-text: not a time such as 90s")
	}

	n, err := read().text.Number(3, 1, 10)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	for _, good := range []string{"1", "10"} {
		n, err = read("-some-text", good).text.Number(3, 1, 10)
		require.NoError(t, err)
		require.Equal(t, good, fmt.Sprint(n))
	}
	for _, bad := range []string{"", "hush", "0", "11", "1.5"} {
		_, err = read("-some-text", bad).text.Number(3, 1, 10)
		require.EqualError(t, err, "-some-text: not a number from 1 to 10")
	}
	from, to, err := read("-some-text", "22:30 - 08:00").text.Hours()
	require.NoError(t, err)
	require.Equal(t, 22*time.Hour+30*time.Minute, from)
	require.Equal(t, 8*time.Hour, to)
	for bad, want := range map[string]string{
		"22:00": "not of the form 22:00-08:00", "-": "not of the form 22:00-08:00", "22:00-24:30": "not of the form 22:00-08:00",
		"8:00-08:00": "both times are the same",
	} {
		_, _, err = read("-some-text", bad).text.Hours()
		require.EqualError(t, err, "-some-text: "+want)
	}
	for word, want := range map[string]bool{"card": false, "message": true} {
		second, err := read("-some-text", word).text.Choice("card", "message")
		require.NoError(t, err)
		require.Equal(t, want, second)
	}
	second, err := read().text.Choice("card", "message")
	require.NoError(t, err)
	require.False(t, second)
	_, err = read("-some-text", "hush").text.Choice("card", "message")
	require.EqualError(t, err, "-some-text: neither card nor message")
	cause := errors.New("cause")
	require.ErrorIs(t, read().text.Refuse("because: %w", cause), cause)
}

func TestPairs(t *testing.T) {
	t.Parallel()
	read := func(unnamed, value string) ([]cli.Pair, error) {
		f := newForm()
		require.NoError(t, f.Read([]string{"-list", value}, env(nil), io.Discard))
		return f.list.Pairs(unnamed)
	}
	pairs, err := read("phone-", "rack = a=b, c,\nd")
	require.NoError(t, err)
	require.Equal(t, []cli.Pair{{Name: "rack", Value: "a=b"}, {Name: "phone-2", Value: "c"}, {Name: "phone-3", Value: "d"}}, pairs)
	pairs, err = read("", "c")
	require.NoError(t, err)
	require.Equal(t, []cli.Pair{{Value: "c"}}, pairs)
	for value, want := range map[string]string{
		"a=hush,b=hush": "entry 2 has the value of entry 1", "a=hush,a=other": "entry 2 has the name of entry 1, or neither has one",
		"hush,phone-1=other": "entry 2 has the name of entry 1, or neither has one", "=hush": "entry 1: nothing before or behind the equals sign",
		"hush= ": "entry 1: nothing before or behind the equals sign",
	} {
		_, err := read("phone-", value)
		require.EqualError(t, err, "-list: "+want)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var help strings.Builder
	f := newForm()
	require.ErrorIs(t, f.Read([]string{"-some-text", "hush", "-help"}, env(nil), &help), flag.ErrHelp)
	require.Equal(t, "About it.\n\n  -some-text word\n        a word (default none)\n  -list words\n        words\n  -on\n        switches it on\n", help.String())
	require.Len(t, f.Settings(), 3)
	require.Equal(t, "TOCSIN_SOME_TEXT", cli.EnvName(f.Settings()[0].Name))
}

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		env    []string
		args   []string
		want   int
		stderr string
	}{
		{"all well", nil, nil, cli.ExitOK, ""},
		{"help", nil, []string{"-help"}, cli.ExitOK, ""},
		{"failure", []string{"TOCSIN_SOME_TEXT=fail"}, nil, cli.ExitFailure, "program: it failed··[31mred\n"},
		{"usage", nil, []string{"x"}, cli.ExitUsage, "program: 1 argument(s) too many: everything is set by flags, see -help\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := clitest.Start(t, tt.env, tt.args...)
			require.Equal(t, tt.want, p.Wait(t))
			require.Equal(t, tt.stderr, p.Errout.String())
		})
	}
}

// A file with a secret that others can read draws a warning, without its name.
func TestReadableFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no modes")
	}
	path := file(t, "x")
	require.NoError(t, os.Chmod(path, 0o644))
	p := clitest.Start(t, []string{"TOCSIN_SOME_TEXT_FILE=" + path})
	require.Equal(t, cli.ExitOK, p.Wait(t))
	require.Equal(t, "warning: TOCSIN_SOME_TEXT_FILE: group or others can read or write it (mode 0644), and it holds secrets: chmod 600\n", p.Errout.String())
}

// The first signal asks, the next one does not wait.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, first := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := clitest.Start(t, nil, "-some-text", "wait")
		p.Out.Await(t, "waiting")
		require.Equal(t, cli.ExitOK, p.Stop(t, first))
		require.Contains(t, p.Printed(), "stopping")

		p = clitest.Start(t, nil, "-some-text", "stuck")
		p.Out.Await(t, "waiting")
		require.NoError(t, p.Cmd.Process.Signal(first))
		p.Out.Await(t, "stopping")
		ended := make(chan int, 1)
		go func() { ended <- p.Wait(t) }()
		require.Eventually(t, func() bool { // the first of these may still meet the old handler
			_ = p.Cmd.Process.Signal(first)
			return len(ended) > 0
		}, clitest.Patience, 10*time.Millisecond)
		require.Equal(t, -1, <-ended)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "磁盘 95%·[2J···\ufffd··", cli.Printable("磁盘 95%\x1b[2J\u009b\u2028\u202e\xff\n\u200b"))
}

func FuzzPrintable(f *testing.F) {
	f.Add("磁盘 95%\x1b[2J\u009b\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		require.NotRegexp(t, `[\x00-\x1f\x7f\x{80}-\x{9f}\p{Cf}\x{2028}\x{2029}]`, cli.Printable(s))
	})
}

func TestWeak(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		"": true, "aaaaaaaaaaaaaaaaaaaa": true, "0123456789abcdef": true, "abcdefghijklmnopqrst": true, "passwordpassword": true, "1212121212121212": true,
		"zyxwvutsrqponmlk": true, "1234512345123451": true, "3f9c0b7de1a24856": false, "9b1f6a0c2d7e48358f": false, "token-of-the-first-phone": false,
	} {
		require.Equal(t, want, cli.Weak(token), token)
	}
	for range 1000 {
		token := rand.Text()
		require.False(t, cli.Weak(token), token)
		var b [24]byte
		_, _ = rand.Read(b[:])
		require.False(t, cli.Weak(fmt.Sprintf("%x", b)), "%x", b)
	}
}
