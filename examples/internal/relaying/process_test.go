package relaying

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	refusing := newRobot(t, func() string { return `{"errcode":93000,"errmsg":"invalid webhook url"}` })
	tests := []struct {
		name   string
		env    []string
		args   []string
		want   int
		stdout string
		stderr string // pattern of the only line
	}{
		{"help", nil, []string{"-help"}, 0, "-trap-base-oid OID", ""},
		{"unknown flag", nil, []string{"-colour"}, 2, "", `^relay: flag provided but not defined: -colour \(see -help\)\n$`},
		{"bad URL", []string{"TOCSIN_WECOM_URL=https://example.com/" + testKey}, nil, 2, "", `^relay: TOCSIN_WECOM_URL: entry 1: [^\n]+\n$`},
		{"bad second URL", []string{"TOCSIN_DINGTALK_URL=t\nhttps://example.com/robot/send?token=" + testToken}, nil, 2, "",
			`^relay: TOCSIN_DINGTALK_URL: entry 2: [^\n]+\n$`},
		{"signed URL", nil, []string{"-dingtalk-url", "https://oapi.dingtalk.com/robot/send?access_token=" + testToken + "&timestamp=1&sign=hush"}, 2, "",
			`^relay: -dingtalk-url: entry 1: [^\n]+ secret [^\n]+\n$`},
		{"secrets in disorder", []string{"TOCSIN_DINGTALK_SECRET=" + testSigning}, []string{"-dingtalk-url", testToken, "-dingtalk-url", "t"}, 2, "",
			`^relay: TOCSIN_DINGTALK_SECRET: has 1 for 2 of -dingtalk-url: [^\n]+\n$`},
		{"bad OID", nil, []string{"-trap-target", "nms.example.com:162", "-trap-community", testCommunity, "-trap-base-oid", "1.3.x"}, 2, "", `^relay: [^\n]+\n$`},
		{"capture into nowhere", nil, []string{"-capture", "/nowhere/file"}, 2, "", `^relay: -capture: [^\n]+\n$`},
		{"no database", nil, []string{"-wecom-url", testKey, "-db", "/nowhere/relay.db"}, 1, "", `^relay: -db: no such file or directory\n$`},
		{"nowhere to listen", nil, []string{"-listen", "192.0.2.1:1"}, 1, "", `relay: listen tcp 192.0.2.1:1: [^\n]+\n$`},
		{"nowhere for the admin", []string{"TOCSIN_ADMIN_TOKEN=" + testAdmin}, []string{"-listen", "127.0.0.1:0", "-admin-listen", "192.0.2.1:1"}, 1, "",
			`relay: listen tcp 192.0.2.1:1: [^\n]+\n$`},
		{"test refused", nil, []string{"-test", "-wecom-url", refusing.url}, 1, "FAILED  WeCom robot 1 at 127.0.0.1", `^relay: test: not every destination accepted the alert\n$`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := process(t, tt.env, tt.args...)
			require.Equal(t, tt.want, p.wait(t), "%s", p.printed())
			require.Contains(t, p.out.String(), tt.stdout)
			require.Regexp(t, tt.stderr, p.errout.String())
			require.NotContains(t, p.printed(), "hush")
		})
	}
}

// A stop finishes the message under way and keeps the rest, which the next start
// delivers: each alert once.
func TestStopFinishesTheMessage(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := newRobot(t, func() string {
		arrived <- struct{}{}
		<-release
		return accepted
	})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free) // before the robot ends, which waits for its answer
	args := []string{
		"-listen", "127.0.0.1:0", "-wecom-url", slow.url, "-callback-secret", testSecret, "-db", filepath.Join(t.TempDir(), "a relay's.db"),
	}
	p, cmd := process(t, nil, args...)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	<-arrived
	other, err := os.ReadFile("../../relay/testdata/threshold-2023-apigateway-alert.form")
	require.NoError(t, err)
	code, _ = p.callback(t, testSecret, string(other))
	require.Equal(t, 200, code)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	p.errout.Await(t, `msg="stopping`)
	free()
	require.Equal(t, 0, p.wait(t))
	require.Contains(t, p.printed(), `msg="stopped: what was not delivered is in the database"`)
	require.Equal(t, 1, strings.Count(p.printed(), `msg="message accepted"`))
	require.Contains(t, <-slow.messages, "InternetBandwidthThresholdExceeded")
	require.Empty(t, slow.messages)

	p, _ = process(t, nil, args...)
	<-arrived
	require.Contains(t, <-slow.messages, "API网关")
	p.errout.Await(t, `msg="message accepted"`)
	require.Equal(t, 0, p.stop(t))
	require.Empty(t, slow.messages)
}

// A relay that is started again after it was killed says why it waits.
func TestKilledRelayWaits(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	args := []string{
		"-listen", "127.0.0.1:0", "-wecom-url", group.url, "-callback-secret", testSecret, "-db", filepath.Join(t.TempDir(), "relay.db"),
	}
	const waits = "waiting until its lease ends"
	p, cmd := process(t, nil, args...)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	p.errout.Await(t, `msg="message accepted"`)
	require.NotContains(t, p.printed(), waits)
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	p.wait(t)

	p, _ = process(t, nil, args...)
	p.errout.Await(t, waits+`" route=wecom-\S+ alerts=\d+ at_most=(30s)`)
	require.Equal(t, 0, p.stop(t))

	p, _ = process(t, nil, append(args, "-lease", "1s")...) // the lease of the killed one
	p.errout.Await(t, waits+`.*at_most=(1s)`)
}

// A callback that is being read at a stop is still accepted and answered.
func TestStopFinishesCallbacks(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	p, cmd := process(t, nil, "-listen", "127.0.0.1:0", "-wecom-url", group.url, "-callback-secret", testSecret)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /aliyun/%s HTTP/1.1\r\nHost: relay\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		testSecret, len(sample()))
	require.NoError(t, err)
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue") // it waits for the body
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	p.errout.Await(t, `msg="stopping`)
	_, err = conn.Write(sample())
	require.NoError(t, err)
	rest, err := io.ReadAll(answers)
	require.NoError(t, err)
	require.Contains(t, string(rest), "200 OK")
	require.Equal(t, 0, p.wait(t))
	require.Contains(t, p.printed(), "alert accepted")
}

// A second signal does not wait.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	stuck := newRobot(t, func() string {
		close(arrived)
		<-release
		return ""
	})
	t.Cleanup(func() { close(release) })
	p, cmd := process(t, nil, "-listen", "127.0.0.1:0", "-wecom-url", stuck.url, "-callback-secret", testSecret)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	<-arrived
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	p.errout.Await(t, `msg="stopping`)
	ended := make(chan int, 1)
	go func() { ended <- p.wait(t) }()
	require.Eventually(t, func() bool { // the first of these may still meet the old handler
		_ = cmd.Process.Signal(os.Interrupt)
		return len(ended) > 0
	}, clitest.Patience, 10*time.Millisecond)
	require.Equal(t, -1, <-ended, "ended by the signal")
}
