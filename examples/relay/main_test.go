package main

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// The program is put together: the demonstration has its callback, and mistakes
// have their status. What it does is tested in examples/internal/relaying.
func TestProgram(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		env, args      []string
		want           int
		stdout, stderr string // patterns
	}{
		{"help", nil, []string{"-help"}, cli.ExitOK, `(?s)^Relay brings .*\n  -trap-base-oid OID\n`, `^$`},
		{"demo", nil, []string{"-demo"}, cli.ExitOK, `(?s)"product":"cfw".*level:WARN.*The relay answered CloudMonitor: 200`, `alert accepted`},
		{"usage", nil, []string{"-colour"}, cli.ExitUsage, `^$`, `^relay: flag provided but not defined: -colour \(see -help\)\n$`},
		{"environment", []string{"TOCSIN_LOCALE=hush"}, nil, cli.ExitUsage, `^$`, `^relay: TOCSIN_LOCALE: not zh, en or ja\n$`},
		{"failure", nil, []string{"-listen", "192.0.2.1:1"}, cli.ExitFailure, `^$`, `relay: listen tcp 192\.0\.2\.1:1: [^\n]+\n$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := clitest.Start(t, tt.env, tt.args...)
			require.Equal(t, tt.want, p.Wait(t), p.Printed())
			require.Regexp(t, tt.stdout, p.Out.String())
			require.Regexp(t, tt.stderr, p.Errout.String())
		})
	}
}

// It serves until it is told to end.
func TestServes(t *testing.T) {
	t.Parallel()
	p := clitest.Start(t, nil, "-listen", "127.0.0.1:0", "-wecom-url", "k", "-db", "memory")
	p.Errout.Await(t, `msg=listening`)
	require.Equal(t, cli.ExitOK, p.Stop(t, syscall.SIGTERM))
	require.Contains(t, p.Printed(), `msg="stopped: what was not delivered is lost"`)
}
