package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// environment makes a getenv of pairs.
func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"unknown flag", []string{"-token=hush-hush"}, nil, "there is no such flag"},
		{"argument", []string{"hush-hush"}, nil, "1 argument(s) too many"},
		{"listen", []string{"-listen", "hush-hush"}, nil, "-listen: not of the form host:port"},
		{"twice", []string{"-db", "a", "-db", "b"}, nil, "-db: given 2 times"},
		{"short phone token", []string{"-phone-token", "rack=hush-hush"}, nil, "-phone-token: entry 1: want a token of at least 16"},
		{"phone token of other bytes", nil, map[string]string{"TOCSIN_PHONE_TOKEN": "hush-hush-hush-hush/"}, "TOCSIN_PHONE_TOKEN: entry 1"},
		{"no phone", nil, map[string]string{"TOCSIN_PHONE_TOKEN": ","}, "TOCSIN_PHONE_TOKEN: names no phone"},
		{"two of a name", []string{"-phone-token", "a=hush-hush-hush-1x", "-phone-token", "a=hush-hush-hush-2x"}, nil, "entry 2 has the name of entry 1"},
		{"short admin token", []string{"-admin-token", "hush-hush"}, nil, "-admin-token: want at least 16 characters"},
		{"admin token of one letter", []string{"-admin-token", "hhhhhhhhhhhhhhhhhhhhhhhh"}, nil, "-admin-token: easily guessed"},
		{"admin token repeated", []string{"-admin-token", "hush-hush-hush-hush-"}, nil, "-admin-token: easily guessed"},
		{"phone token in a row", []string{"-phone-token", "rack=0123456789abcdef"}, nil, "-phone-token: entry 1 is easily guessed"},
		{"admin listen", []string{"-admin-listen", "hush-hush"}, nil, "-admin-listen: not of the form host:port"},
		{"certificate alone", []string{"-tls-cert", "hush-hush"}, nil, "-tls-cert: needs -tls-key"},
		{"proxy", []string{"-trusted-proxy", "hush-hush"}, nil, "-trusted-proxy: entry 1"},
		{"one token for both", []string{"-admin-token", "hush-hush-hush-1x", "-phone-token", "hush-hush-hush-1x"}, nil, "entry 1 is the admin token"},
		{"file", nil, map[string]string{"TOCSIN_ADMIN_TOKEN_FILE": "/hush-hush"}, "TOCSIN_ADMIN_TOKEN_FILE: no such file"},
		{"lease", []string{"-lease", "5s"}, nil, "lease of 5s, want at least 30s"},
		{"no time", []string{"-lease", "hush-hush"}, nil, "-lease: not a time"},
		{"step delay", []string{"-step-delay", "-1s"}, nil, "-step-delay: not a time"},
		{"poll interval", []string{"-poll-interval", "10ms"}, nil, "poll interval of 10ms"},
		{"rounds", []string{"-rounds", "11"}, nil, "-rounds: not a number from 1 to 10"},
		{"scheme", []string{"-db", "oracle://hush-hush"}, nil, "-db: want the name of a file"},
		{"memory", []string{"-db", ":memory:"}, nil, "-db: want the name of a file"},
		{"mysql without a database", []string{"-db", "mysql://u:hush-hush@h/"}, nil, "-db: want mysql://user"},
		{"mysql parameter", []string{"-db", "mysql://u:hush-hush@h/d?timeout=hush-hush"}, nil, "-db: what stands behind"},
		{"postgres", []string{"-db", "postgres://u:hush-hush%zz@h/d"}, nil, "-db: not a URL"},
		{"locale", []string{"-locale", "hush-hush"}, nil, "-locale: not zh, en or ja"},
		{"quiet", []string{"-quiet", "22:00"}, nil, "-quiet: not of the form 22:00-08:00"},
		{"quiet hour", []string{"-quiet", "22:00-24:30"}, nil, "-quiet: not of the form 22:00-08:00"},
		{"quiet for ever", []string{"-quiet", "08:00-08:00"}, nil, "-quiet: both times are the same"},
		{"wecom", []string{"-report-wecom-url", "ftp://hush-hush"}, nil, "-report-wecom-url: "},
		{"secret alone", []string{"-report-dingtalk-secret", "hush-hush"}, nil, "there is no -report-dingtalk-url"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			require.Equal(t, cli.ExitUsage, run(t.Context(), tt.args, environment(tt.env), io.Discard, &stderr))
			require.Contains(t, stderr.String(), tt.want)
			require.NotContains(t, stderr.String(), "hush")
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(file, []byte("rack=token-of-the-first-phone\ntoken-of-the-second-phone\n"), 0o600))
	c, err := configure([]string{"-rounds", "3", "-lease", "4m", "-step-delay", "75s", "-quiet", "22:00-08:00", "-block", "1,2", "-block", "3"},
		environment(map[string]string{
			"TOCSIN_PHONE_TOKEN_FILE": file, "TOCSIN_ROUNDS": "5", "TOCSIN_ROUND_INTERVAL": "90s", "TOCSIN_POLL_INTERVAL": "5s",
			"TOCSIN_REPORT_WECOM_URL": "https://example.com/cgi-bin/webhook/send?key=k", "TOCSIN_REPORT_DINGTALK_URL": "https://example.com/robot/send?access_token=t",
		}), io.Discard)
	require.NoError(t, err)
	require.Equal(t, []autocall.Handset{{Name: "rack", Token: "token-of-the-first-phone"}, {Name: "phone-2", Token: "token-of-the-second-phone"}}, c.Phones)
	require.False(t, c.PhonesMade)
	require.True(t, c.AdminMade)
	require.Equal(t, 3, c.Rounds)
	require.Equal(t, 90*time.Second, c.Interval)
	require.Equal(t, 4*time.Minute, c.Queue.Lease)
	require.Equal(t, 75*time.Second, c.Queue.StepDelay)
	require.Equal(t, 5*time.Second, c.Queue.PollInterval)
	require.NotNil(t, c.Queue.Ring)
	require.NotNil(t, c.Report)
	require.Equal(t, "sqlite", c.DB.Dialect)
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	_, err := configure([]string{"-help"}, environment(nil), &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, s := range newForm().Settings() {
		require.Contains(t, help.String(), "  -"+s.Name+" ")
	}
}

// The SMS that forward the calls to whoever is on duty are printed, and nothing else is
// done.
func TestForward(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stdout string
		stderr string
	}{
		{"telecom", []string{"-forward", "187-0000 0001"}, 0, "|*7218700000001|alertcall|\n|*720|alertcall|\n", ""},
		{"first version", []string{"-forward", "18700000001", "-keyword", "autocall"}, 0, "|*7218700000001|autocall|\n|*720|autocall|\n", ""},
		{"emergency", []string{"-forward", "110"}, 2, "", "-forward: forward code: the target is no number"},
		{"keyword", []string{"-forward", "18700000001", "-keyword", "downcall"}, 2, "", "makes the app hang up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			require.Equal(t, tt.status, run(t.Context(), tt.args, environment(nil), &stdout, &stderr))
			require.Equal(t, tt.stdout, stdout.String())
			require.Contains(t, stderr.String(), tt.stderr)
			require.NotContains(t, stderr.String(), "18700000001")
		})
	}
}
