package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
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
		{"demo", nil, []string{"-demo"}, cli.ExitOK, `(?s)"product":"cfw".*level:TEST.*The relay answered CloudMonitor: 200`, `alert accepted`},
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

// Without a destination there are a page and a terminal to look at. A button of
// the page posts to the relay, which delivers to both.
func TestPage(t *testing.T) {
	t.Parallel()
	p := clitest.Start(t, nil, "-listen", "127.0.0.1:0")
	callback := p.Out.Await(t, `Callback URL .*\n  (http://127\.0\.0\.1:\d+/aliyun/\w+)\n`)
	page := p.Out.Await(t, `(?m)^Open (http://127\.0\.0\.1:\d+/) to see what each destination receives\.$`)
	code, text := ask(t, http.MethodGet, page)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, text, callback)
	code, text = ask(t, http.MethodPost, page+"do/event")
	require.Equal(t, http.StatusNoContent, code, text)
	require.Equal(t, "InternetBandwidthThresholdExceeded", p.Errout.Await(t, `msg="alert accepted" .*name=(\w+)`))
	for _, arrival := range []string{"WeCom group: one message", "DingTalk group: one message", "SNMP console: one trap"} {
		p.Out.Await(t, arrival+`(?s:.*?)InternetBandwidthThresholdExceeded(?s:.*?)└─`)
	}
	for _, kind := range []string{"wecom", "dingtalk"} {
		routes := regexp.MustCompile(`name="\w+ robot [12] at \S+" route=(`+kind+`-\w+)`).FindAllStringSubmatch(p.Errout.String(), -1)
		require.Len(t, routes, 2, "one that prints and one of the page")
		for _, route := range routes {
			p.Errout.Await(t, `msg="message accepted" route=`+route[1])
		}
	}
	require.Equal(t, 2, strings.Count(p.Errout.String(), `name="SNMP console at `))
	require.Equal(t, cli.ExitOK, p.Stop(t, syscall.SIGTERM), p.Printed())
	require.NotContains(t, p.Errout.String(), " level=WARN")
}

// ask sends a request without a body.
func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// It serves until it is told to end.
func TestServes(t *testing.T) {
	t.Parallel()
	p := clitest.Start(t, nil, "-listen", "127.0.0.1:0", "-wecom-url", "k", "-db", "memory")
	p.Errout.Await(t, `msg=listening`)
	require.Equal(t, cli.ExitOK, p.Stop(t, syscall.SIGTERM))
	require.Contains(t, p.Printed(), `msg="stopped: what was not delivered is lost"`)
}
