package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

const testSecret = "a-secret-of-the-robot"

// A group is Feishu in a test.
type group struct {
	mode   atomic.Value // string: what it answers instead of success
	calls  atomic.Int64
	hung   chan struct{}
	closed chan struct{}

	mu    sync.Mutex
	texts []string // titles and contents of what it accepted
	total int      // alerts told of
}

func (g *group) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	first := g.calls.Add(1) == 1
	switch mode, _ := g.mode.Load().(string); mode {
	case "":
		_, _ = io.WriteString(w, g.accept(body))
	case "break":
		panic(http.ErrAbortHandler)
	case "hang":
		if first {
			close(g.hung)
		}
		<-g.closed
	default:
		_, _ = io.WriteString(w, mode)
	}
}

// accept checks a message as the vendor does.
func (g *group) accept(body []byte) string {
	var m struct {
		Timestamp, Sign string
		Card            struct {
			Header   struct{ Title struct{ Content string } }
			Elements []struct{ Text struct{ Content string } }
		}
	}
	if json.Unmarshal(body, &m) != nil || len(body) > 20<<10 || len(m.Card.Elements) != 1 {
		return `{"code":9499,"msg":"Bad Request"}`
	}
	mac := hmac.New(sha256.New, []byte(m.Timestamp+"\n"+testSecret))
	if base64.StdEncoding.EncodeToString(mac.Sum(nil)) != m.Sign {
		return `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 1
	if count := regexp.MustCompile(`^【[^】]+】共 (\d+) 条告警\n`).FindStringSubmatch(m.Card.Elements[0].Text.Content); count != nil {
		n, _ = strconv.Atoi(count[1])
	}
	g.texts, g.total = append(g.texts, m.Card.Header.Title.Content+"\n"+m.Card.Elements[0].Text.Content), g.total+n
	return `{"code":0,"msg":"success","data":{}}`
}

// newGroup returns a group and a robot in it.
func newGroup(t *testing.T) (*group, *robot) {
	t.Helper()
	g := &group{hung: make(chan struct{}), closed: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(g.closed) })
	return g, newRobot(server.URL+"/open-apis/bot/v2/hook/0123456789abcdef", testSecret)
}

func TestSender(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		g, r := newGroup(t)
		read := func(f func()) { g.mu.Lock(); defer g.mu.Unlock(); f() }
		return &alerttest.Harness{
			Sender: r, OneMessage: true, Secrets: []string{"0123456789abcdef", testSecret},
			Messages:  func() int { return int(g.calls.Load()) },
			Delivered: func() (n int) { read(func() { n = g.total }); return n },
			Saw: func(text string) (seen bool) {
				read(func() { seen = strings.Contains(strings.Join(g.texts, "\n"), text) })
				return seen
			},
			Refuse: func() { g.mode.Store(`{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}`) },
			Busy:   func() { g.mode.Store(`{"code":11232,"msg":"frequency limited"}`) },
			Break:  func() { g.mode.Store("break") },
			Hang:   func() <-chan struct{} { g.mode.Store("hang"); return g.hung },
			Unreachable: func() {
				r.post = (&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
				}}).RoundTrip
			},
		}
	})
}

func TestCard(t *testing.T) {
	t.Parallel()
	g, r := newGroup(t)
	at := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	require.NoError(t, r.Send(t.Context(), alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-1", Status: alert.Resolved, StartsAt: at, EndsAt: at.Add(17 * time.Minute)}))
	require.Contains(t, g.texts[0], "【恢复通知】紧急 disk full db-1\n")
	require.Contains(t, g.texts[0], "（持续 17 分钟）")
	for status, colour := range map[alert.Status]string{alert.NoData: "red", alert.Resolved: "green"} {
		m, err := json.Marshal(r.message([]alert.Alert{{Status: status}}, at))
		require.NoError(t, err)
		require.Contains(t, string(m), `"template":"`+colour+`"`)
	}
}
