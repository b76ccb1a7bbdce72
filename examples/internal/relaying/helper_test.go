package relaying

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// testSecret and testKey are looked for in everything that is printed.
const (
	testSecret    = "callback-secret-hush"
	testKey       = "robot-key-hush"
	testToken     = "robot-token-hush"
	testSigning   = "SEC-signing-hush"
	testCommunity = "community-hush"
	testOID       = "1.3.6.1.4.1.32473"
)

// TestMain lets the test binary serve as the relay.
func TestMain(m *testing.M) { clitest.Main(m, func() { cli.Main(run) }) }

// run is the program examples/relay.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := Configure(args, getenv, stdout)
	if err == nil {
		c.Sample = sample()
		err = Run(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), stdout)
	}
	return cli.Exit("relay", err, stderr)
}

// sample is a callback that Alibaba Cloud sent, with digits changed.
func sample() []byte {
	text, err := os.ReadFile("../../relay/testdata/event-2020-cfw-dryrun.json")
	if err != nil {
		return nil // in a process of its own, which stands elsewhere
	}
	return text
}

// A program is a relay that runs, in this process or in one of its own.
type program struct {
	addr        string // where it listens
	out, errout *clitest.Transcript
	end         func()               // asks it to stop
	wait        func(testing.TB) int // for its exit status
}

// launch runs the relay in this process until the test is over.
func launch(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{out: clitest.NewTranscript(), errout: clitest.NewTranscript(), end: cancel}
	args = withDatabase(t, append([]string{"-listen", "127.0.0.1:0"}, args...), nil)
	exit := make(chan int, 1)
	go func() { exit <- run(ctx, args, func(string) string { return "" }, p.out, p.errout) }()
	p.wait = func(tb testing.TB) int {
		tb.Helper()
		select {
		case code := <-exit:
			exit <- code // for the next call
			return code
		case <-time.After(clitest.Patience):
			require.FailNow(tb, "the relay does not end", "%s", p.printed())
			return -1
		}
	}
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	t.Cleanup(func() { p.stop(t) })
	return p
}

// withDatabase adds a file of the test's own for a relay with a real destination,
// unless it has been told where to keep its alerts.
func withDatabase(t *testing.T, args, env []string) []string {
	t.Helper()
	all := strings.Join(append(slices.Clone(args), env...), " ")
	if strings.Contains(all, "-db ") || !regexp.MustCompile(`(?i)(wecom|dingtalk).url|trap.target`).MatchString(all) {
		return args
	}
	return append(args, "-db", filepath.Join(t.TempDir(), "relay.db"))
}

// process runs the relay as a process, with the environment given.
func process(t *testing.T, env []string, args ...string) (*program, *exec.Cmd) {
	t.Helper()
	c := clitest.Start(t, env, withDatabase(t, args, env)...)
	p := &program{out: c.Out, errout: c.Errout, wait: c.Wait, end: func() { _ = c.Cmd.Process.Signal(syscall.SIGTERM) }}
	t.Cleanup(func() { p.stop(t) })
	return p, c.Cmd
}

func (p *program) stop(t *testing.T) int {
	t.Helper()
	p.end()
	return p.wait(t)
}

// printed is all output so far.
func (p *program) printed() string { return p.out.String() + p.errout.String() }

// callback posts a body to the relay and returns status and answer.
func (p *program) callback(t *testing.T, secret, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/aliyun/"+secret, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return do(t, req)
}

// get asks the relay for a path.
func (p *program) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+path, nil)
	require.NoError(t, err)
	return do(t, req)
}

// raw sends bytes, then the end, and returns what comes back.
func (p *program) raw(t *testing.T, request string) string {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.addr)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(clitest.Patience)))
	_, _ = io.WriteString(c, request) // who is refused early may see a reset
	_ = c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(c)
	return string(answer)
}

func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// A robot is a group robot that keeps what it gets and answers as told.
type robot struct {
	host     string
	url      string
	messages chan string
	queries  chan url.Values
	answer   func() string // nil: accepted
}

// newRobot is a robot of WeCom.
func newRobot(t *testing.T, answer func() string) *robot {
	t.Helper()
	return newRobotAt(t, "/cgi-bin/webhook/send?key="+testKey, answer)
}

// newDingtalk is a robot of DingTalk. What it keeps begins with the title.
func newDingtalk(t *testing.T, answer func() string) *robot {
	t.Helper()
	return newRobotAt(t, "/robot/send?access_token="+testToken, answer)
}

// next returns the next message, and fails if there is none.
func (r *robot) next(t *testing.T) string {
	t.Helper()
	select {
	case message := <-r.messages:
		return message
	case <-time.After(clitest.Patience):
		require.FailNow(t, "no message came")
		return ""
	}
}

func newRobotAt(t *testing.T, path string, answer func() string) *robot {
	t.Helper()
	r := &robot{messages: make(chan string, 100), queries: make(chan url.Values, 100), answer: answer}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var m struct {
			Markdown struct{ Content, Title, Text string }
		}
		_ = json.NewDecoder(req.Body).Decode(&m)
		r.messages <- m.Markdown.Content + m.Markdown.Title + "\n" + m.Markdown.Text
		r.queries <- req.URL.Query()
		text := `{"errcode":0,"errmsg":"ok"}`
		if r.answer != nil {
			text = r.answer()
		}
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	r.host, r.url = strings.TrimPrefix(s.URL, "http://"), s.URL+path
	return r
}

// A console receives traps and decodes them with gosnmp.
type console struct {
	addr string
	conn *net.UDPConn
}

func newConsole(t *testing.T) *console {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &console{addr: conn.LocalAddr().String(), conn: conn}
}

// next returns the text values of the next trap, by OID below the base.
func (c *console) next(t *testing.T) map[string]string {
	t.Helper()
	require.NoError(t, c.conn.SetReadDeadline(time.Now().Add(clitest.Patience)))
	buf := make([]byte, 64<<10)
	n, err := c.conn.Read(buf)
	require.NoError(t, err)
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:n])
	require.NoError(t, err)
	require.Equal(t, testCommunity, p.Community)
	values := map[string]string{}
	for _, v := range p.Variables {
		if b, ok := v.Value.([]byte); ok {
			values[strings.TrimPrefix(v.Name, "."+testOID+".")] = string(b)
		}
	}
	return values
}

// traps are the settings for one console.
func (c *console) settings() []string {
	return []string{"-trap-target", c.addr, "-trap-community", testCommunity, "-trap-base-oid", testOID}
}

// untimed returns a card without the time at which it was told.
func untimed(card string) string {
	return regexp.MustCompile(`(?m)^.*通知时间.*\n`).ReplaceAllString(card, "")
}
