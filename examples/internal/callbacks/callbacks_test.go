package callbacks_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// The secrets of these tests are looked for in what is printed.
const (
	first  = "hush-0123456789-first"
	second = "hush-0123456789-second"
	bare   = "hush-0123456789-bare"
)

func read(values ...string) (callbacks.Secrets, error) {
	f := cli.Form{Program: "x"}
	s := f.List("callback-secret", callbacks.Usage)
	var args []string
	for _, v := range values {
		args = append(args, "-callback-secret", v)
	}
	if err := f.Read(args, func(string) string { return "" }, io.Discard); err != nil {
		return callbacks.Secrets{}, err
	}
	return callbacks.Read(s)
}

func TestRead(t *testing.T) {
	t.Parallel()
	account := func(name, secret string, ids ...string) aliyun.Account {
		return aliyun.Account{Name: name, Secret: secret, UserIDs: ids}
	}
	for _, tt := range []struct {
		name     string
		values   []string
		want     callbacks.Secrets
		first    string
		announce string
	}{
		{"bare", []string{bare}, callbacks.Secrets{Bare: bare}, bare, "Callback URL: http://h/aliyun/ and the secret\n"},
		{"named", []string{"prod=" + first}, callbacks.Secrets{Accounts: []aliyun.Account{account("prod", first)}}, first,
			"Callback URL of account prod: http://h/aliyun/ and its secret\n"},
		{"several", []string{"生产=" + second, bare, "test account = " + first},
			callbacks.Secrets{Bare: bare, Accounts: []aliyun.Account{account("生产", second), account("test account", first)}}, bare,
			"Callback URL: http://h/aliyun/ and the secret\nCallback URL of account 生产: http://h/aliyun/ and its secret\nCallback URL of account test account: http://h/aliyun/ and its secret\n"},
		{"in one text", []string{"a=" + first + ",b=" + second}, callbacks.Secrets{Accounts: []aliyun.Account{account("a", first), account("b", second)}}, first,
			"Callback URL of account a: http://h/aliyun/ and its secret\nCallback URL of account b: http://h/aliyun/ and its secret\n"},
		{"old and new", []string{bare, first}, callbacks.Secrets{Bare: bare, Accounts: []aliyun.Account{account("", first)}}, bare,
			"Callback URL: http://h/aliyun/ and the secret\n"},
		{"old and new of an account", []string{"a=" + first, "a=" + second}, callbacks.Secrets{Accounts: []aliyun.Account{account("a", first), account("a", second)}}, first,
			"Callback URL of account a: http://h/aliyun/ and its secret\n"},
		{"bound", []string{"a@1098765432109876=" + first, "b@c@12+34=" + second}, callbacks.Secrets{Accounts: []aliyun.Account{
			account("a", first, "1098765432109876"), account("b@c", second, "12", "34")}}, first,
			"Callback URL of account a: http://h/aliyun/ and its secret\nCallback URL of account b@c: http://h/aliyun/ and its secret\n"},
		{"no id", []string{"a@b=" + first}, callbacks.Secrets{Accounts: []aliyun.Account{account("a@b", first)}}, first,
			"Callback URL of account a@b: http://h/aliyun/ and its secret\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(tt.values...)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.first, got.First())
			require.Equal(t, tt.announce, got.Announce("http://h"))
		})
	}
	made, err := read()
	require.NoError(t, err)
	require.True(t, made.Made)
	require.Contains(t, made.Announce("https://h"), "\n  https://h/aliyun/"+made.Bare+"\n")
}

// No error quotes what may be a secret: on either side of the equals sign.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		values []string
		want   string
	}{
		{"empty", []string{""}, "names no secret"},
		{"a secret twice", []string{"a=" + first, "b=" + first}, "entry 2 has the secret of entry 1"},
		{"a secret twice, once bare", []string{first, "b=" + first}, "entry 2 has the secret of entry 1"},
		{"short", []string{"hush-0123456789"}, "entry 1: want a secret, or name=secret, with at least 16 letters"},
		{"bare, for one account", []string{"@12=" + first + "/"}, "entry 1: want a secret"},
		{"no name", []string{"=" + first}, "entry 1: nothing before or behind the equals sign"},
		{"no secret", []string{"hush="}, "entry 1: nothing before or behind the equals sign"},
		{"the wrong way round", []string{first + "=prod"}, "entry 1: want a secret, or name=secret, with at least 16 letters, digits and . _ ~ - in the secret"},
		{"a slash", []string{"prod=" + first + "/x"}, "entry 1: want a secret, or name=secret, with at least 16 letters, digits and . _ ~ - in the secret"},
		{"two equals signs", []string{"prod=" + first + "=" + second}, "entry 1: want a secret, or name=secret, with at least 16 letters, digits and . _ ~ - in the secret"},
		{"a long name", []string{"a=" + second, strings.Repeat("n", 49) + "=" + first}, "entry 2: want a name of one line, 1 to 48 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(tt.values...)
			require.ErrorContains(t, err, "-callback-secret: "+tt.want)
			require.ErrorAs(t, err, new(cli.UsageError))
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "nnn")
		})
	}
}
