package main

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

const testPassword = "password-hush"

func TestMain(m *testing.M) { clitest.Main(m, main) }

// newServer returns a server of which the user is known.
func newServer(t *testing.T) (server *ocptest.Server, url string) {
	t.Helper()
	server = ocptest.NewServer(t)
	server.User, server.Password = "ops", testPassword
	server.Rules = map[string]ocptest.Rule{"disk_full": {}}
	return server, server.Listen(t)
}

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	server, url := newServer(t)
	server.MaxLogins = 0
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	login := []string{"TOCSIN_OCP_URL=" + url, "TOCSIN_OCP_USER=ops", "TOCSIN_OCP_PASSWORD=" + testPassword}
	signed := []string{"TOCSIN_OCP_URL=" + url, "TOCSIN_OCP_SECRET_KEY=" + server.SecretKey}
	alarm := []string{"-type", "disk_full", "-target", "host=db-1"}
	tests := []struct {
		name   string
		env    []string
		args   []string
		want   int
		stdout string // a part
		stderr string // pattern of all of it
	}{
		{"help", nil, []string{"-help"}, 0, "-access-key key", "^$"},
		{"password", login, alarm, 0, "accepted: disk_full host=db-1\n", "^$"},
		{"password of a file", append(login[:2:2], "TOCSIN_OCP_PASSWORD_FILE="+file("password", testPassword+"\n")), alarm, 0, "accepted", "^$"},
		{"access key", signed, append([]string{"-access-key", server.AccessKey}, alarm...), 0, "accepted", "^$"},
		{"flag beats the variable", append(login[1:3:3], "TOCSIN_OCP_URL=nonsense"), append([]string{"-url", url}, alarm...), 0, "accepted", "^$"},

		{"wrong password", append(login[:2:2], "TOCSIN_OCP_PASSWORD=another-hush"), alarm, 1, "", `^ocp-push: ocp: push: HTTP 401 [^\n]+\n$`},
		{"unknown rule", login, []string{"-type", "other", "-target", "x"}, 1, "", `^ocp-push: ocp: push: HTTP 400 [^\n]+20001[^\n]+\n$`},
		{"nobody listens", append(login[1:3:3], "TOCSIN_OCP_URL=http://127.0.0.1:1"), alarm, 1, "", `^ocp-push: ocp: push: 127.0.0.1:1: not sent: [^\n]+\n$`},

		{"unknown flag", login, []string{"-colour"}, 2, "", "^ocp-push: flag provided but not defined: -colour\n$"},
		{"argument", login, append(alarm[:4:4], "x"), 2, "", `^ocp-push: 1 argument\(s\) too many[^\n]+\n$`},
		{"no login", login[:1], alarm, 2, "", "^ocp-push: there is neither -user nor -access-key\n$"},
		{"two logins", append(login[:3:3], "TOCSIN_OCP_ACCESS_KEY=x"), alarm, 2, "", "^ocp-push: -user and -access-key exclude each other\n$"},
		{"no password", login[:2], alarm, 2, "", "^ocp-push: -user: the password is missing[^\n]+\n$"},
		{"no secret key", login[:1], append([]string{"-access-key", "x"}, alarm...), 2, "", "^ocp-push: -access-key: the secret key is missing[^\n]+\n$"},
		{"no file", append(login[:2:2], "TOCSIN_OCP_PASSWORD_FILE=/nowhere/hush"), alarm, 2, "", "^ocp-push: TOCSIN_OCP_PASSWORD_FILE: no such file or directory\n$"},
		{"empty file", append(login[:2:2], "TOCSIN_OCP_PASSWORD_FILE="+file("empty", "\n")), alarm, 2, "", "^ocp-push: TOCSIN_OCP_PASSWORD_FILE: the file is empty\n$"},
		{"no address", login[1:], alarm, 2, "", "^ocp-push: ocp: new client: the base URL is empty\n$"},
		{"http", append(login[1:3:3], "TOCSIN_OCP_URL=http://192.0.2.1:8080"), alarm, 2, "", "^ocp-push: ocp: new client: http would show [^\n]+\n$"},
		{"password in the address", append(login[1:3:3], "TOCSIN_OCP_URL=https://ops:hush@192.0.2.1"), alarm, 2, "", "^ocp-push: ocp: new client: [^\n]+\n$"},
		{"no type", login, alarm[2:], 2, "", "^ocp-push: alarmType: want the name of a rule[^\n]+\n$"},
		{"no target", login, alarm[:2], 2, "", "^ocp-push: target: want [^\n]+\n$"},
		{"bad label", login, append(alarm[:4:4], "-label", "x"), 2, "", "^ocp-push: invalid value \"x\" for flag -label: want name=value\n$"},
		{"label twice", login, append(alarm[:4:4], "-label", "x=1", "-label", "x=2"), 2, "", "^ocp-push: [^\n]+ given twice\n$"},
		{"no authority", login, append(alarm[:4:4], "-ca-file", "/nowhere/hush"), 2, "", "^ocp-push: -ca-file: no such file or directory\n$"},
		{"no certificate", login, append(alarm[:4:4], "-ca-file", file("ca", "x")), 2, "", "^ocp-push: -ca-file: the file holds no certificate in PEM\n$"},
		{"too often", login, append(alarm[:4:4], "-every", "1ms"), 2, "", "^ocp-push: -every: want at least 1s\n$"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := clitest.Start(t, tt.env, tt.args...)
			require.Equal(t, tt.want, p.Wait(t), "%s", p.Printed())
			require.Contains(t, p.Out.String(), tt.stdout)
			require.Regexp(t, tt.stderr, p.Errout.String())
			require.NotContains(t, p.Printed(), "hush")
			require.NotContains(t, p.Printed(), server.SecretKey)
		})
	}
}

func TestAlarm(t *testing.T) {
	t.Parallel()
	server, url := newServer(t)
	env := map[string]string{"TOCSIN_OCP_USER": "ops", "TOCSIN_OCP_PASSWORD": testPassword}
	stdout, stderr := clitest.NewTranscript(), clitest.NewTranscript()
	code := run(t.Context(), []string{
		"-url", url, "-type", "disk_full", "-target", "host=db-1", "-name", "磁盘满", "-description", "91%", "-label", "a=b=c", "-label", "alert_summary=mine",
	}, func(name string) string { return env[name] }, stdout, stderr)
	require.Zero(t, code, "%s", stderr)
	require.Equal(t, map[string]string{"alert_name": "磁盘满", "alert_summary": "mine", "a": "b=c"}, server.Pushes()[0].Labels)
}

// TestEvery pushes again and again, survives failures that pass, and ends in
// order when it is interrupted.
func TestEvery(t *testing.T) {
	t.Parallel()
	server, url := newServer(t)
	p := clitest.Start(t, []string{"TOCSIN_OCP_USER=ops", "TOCSIN_OCP_PASSWORD=" + testPassword},
		"-url", url, "-type", "disk_full", "-target", "host=db-1", "-every", "1s")
	p.Out.Await(t, "accepted: ")
	server.Fail(ocptest.HTML(502), ocptest.HTML(502), ocptest.HTML(502))
	p.Errout.Await(t, "HTTP 502 Bad Gateway")
	p.Out.Await(t, "(?s)accepted: .*accepted: ")
	require.Zero(t, p.Stop(t, syscall.SIGTERM), "%s", p.Errout)
	require.GreaterOrEqual(t, len(server.Pushes()), 2)
}

// A failure that no repetition mends ends the program, whenever it comes.
func TestEveryGivesUp(t *testing.T) {
	t.Parallel()
	server, url := newServer(t)
	p := clitest.Start(t, []string{"TOCSIN_OCP_USER=ops", "TOCSIN_OCP_PASSWORD=" + testPassword},
		"-url", url, "-type", "disk_full", "-target", "host=db-1", "-every", "1s")
	p.Out.Await(t, "accepted: ")
	server.FailAlways(ocptest.Refuse(401, "IAM10004", "x"))
	require.Equal(t, cli.ExitFailure, p.Wait(t))
	require.Contains(t, p.Errout.String(), "may lock the account")
	require.Equal(t, 1, strings.Count(p.Errout.String(), "\n"))
}

// What was interrupted is no failure, unless the push before it was one.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{false, true} {
		server, url := newServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		begun := make(chan struct{})
		if failed {
			server.Fail(ocptest.HTML(502), ocptest.HTML(502), ocptest.HTML(502), ocptest.Hang(begun))
		} else {
			server.Fail(ocptest.Hang(begun))
		}
		go func() { <-begun; cancel() }()
		env := map[string]string{"TOCSIN_OCP_USER": "ops", "TOCSIN_OCP_PASSWORD": testPassword}
		code := run(ctx, []string{"-url", url, "-type", "disk_full", "-target", "x", "-every", "1s"},
			func(name string) string { return env[name] }, clitest.NewTranscript(), clitest.NewTranscript())
		require.Equal(t, failed, code == cli.ExitFailure)
	}
}

// OCP with a certificate of a private authority: one attempt that says what to do,
// and none that fails once the authority is known.
func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t)
	far := httptest.NewTLSServer(server)
	far.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail
	t.Cleanup(far.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: far.Certificate().Raw}), 0o600))
	env := []string{"TOCSIN_OCP_URL=" + far.URL, "TOCSIN_OCP_USER=ops", "TOCSIN_OCP_PASSWORD=" + testPassword}
	for _, every := range [][]string{nil, {"-every", "1s"}} {
		p := clitest.Start(t, env, append([]string{"-type", "disk_full", "-target", "host=db-1"}, every...)...)
		require.Equal(t, cli.ExitFailure, p.Wait(t))
		require.Regexp(t, "^ocp-push: ocp: push: the certificate of OCP is not trusted: x509: [^\n]+; trying the same again does not help: [^\n]+-ca-file[^\n]+\n$", p.Errout.String())
	}
	p := clitest.Start(t, append(env, "TOCSIN_OCP_CA_FILE="+ca), "-type", "disk_full", "-target", "host=db-1")
	require.Zero(t, p.Wait(t), "%s", p.Printed())
	p = clitest.Start(t, env, "-type", "disk_full", "-target", "host=db-1", "-ca-file", ca)
	require.Zero(t, p.Wait(t), "%s", p.Printed())
	require.Len(t, server.Pushes(), 2)
}
