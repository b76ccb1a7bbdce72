package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// pick is a phone on which one number picks up and nobody else does.
func pick(who string) func(string, int) autocalltest.Reply {
	return func(number string, _ int) autocalltest.Reply {
		if number == who {
			return autocalltest.Reply{Ring: 200 * time.Millisecond, Talk: time.Second}
		}
		return autocalltest.Reply{Ring: 200 * time.Millisecond}
	}
}

// A robot takes what is reported.
type robot struct {
	*httptest.Server

	mu    sync.Mutex
	texts []string
}

func newRobot(t *testing.T) *robot {
	t.Helper()
	r := new(robot)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.texts = append(r.texts, string(body))
		r.mu.Unlock()
		_, _ = fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *robot) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.texts, "\n")
}

// A call rings, the second person picks up, and a group hears of it. Another
// one is exhausted. No number is in a log or in a report.
func TestCallsAreRungAndReported(t *testing.T) {
	t.Parallel()
	r := newRobot(t)
	s := launch(t, "-report-wecom-url", r.URL+"/cgi-bin/webhook/send?key=robot-key-hush", "-locale", "en", "-round-interval", "1s")
	p := s.phone(t, pick(numberB))
	id := s.post(t, `{"people":[{"name":"Fang","phone":"`+numberA+`"},{"name":"Lei","phone":"`+numberB+`"}],"message":"disk full","severity":"critical"}`)
	call := s.awaitState(t, id, "answered")
	require.Equal(t, map[string]any{"name": "Lei", "phone": "188******02"}, call["answered_by"])
	require.Equal(t, "rack", call["handset"])
	require.Len(t, call["audit"], 5)
	full := s.api(t, http.MethodGet, "/calls/"+id+"?full=1", "").object(t)
	require.Equal(t, map[string]any{"name": "Lei", "phone": numberB}, full["answered_by"])

	id = s.post(t, `{"phones":["`+numberA+`"],"message":"ask `+numberA+`","rounds":2}`)
	call = s.awaitState(t, id, "exhausted")
	require.Equal(t, "ask 187******01", call["message"])
	require.NotContains(t, call, "answered_by")
	require.Eventually(t, func() bool {
		return strings.Contains(r.said(), "Telephone call picked up") && strings.Contains(r.said(), "Nobody picked up")
	}, patience, 20*time.Millisecond)
	require.Contains(t, r.said(), "Lei")
	require.Len(t, p.Calls(), 4, "A and B, and A twice")
	for _, c := range p.Calls() {
		require.False(t, c.Over)
	}
	require.Equal(t, 0, s.Stop(t, syscall.SIGTERM))
	for _, secret := range []string{"hush", numberA, numberB} {
		require.NotContains(t, s.Printed(), secret)
		require.NotContains(t, r.said(), secret)
	}
}

func TestCancelAndJoin(t *testing.T) {
	t.Parallel()
	s := launch(t)
	id := s.post(t, `{"phones":["`+numberA+`"],"key":"disk"}`)
	a := s.api(t, http.MethodPost, "/calls", `{"phones":["`+numberB+`"],"key":"disk"}`)
	require.Equal(t, 200, a.status)
	require.Equal(t, id, a.object(t)["id"])
	a = s.api(t, http.MethodDelete, "/calls/"+id, "")
	require.Equal(t, 200, a.status, a.text)
	require.Equal(t, 409, s.api(t, http.MethodDelete, "/calls/"+id, "").status)
	require.Equal(t, 404, s.api(t, http.MethodDelete, "/calls/none", "").status)
	p := s.phone(t, pick(numberA))
	require.Eventually(t, func() bool { return p.Polls() > 2 }, patience, 10*time.Millisecond)
	require.Empty(t, p.Calls())
	require.NotEqual(t, id, s.post(t, `{"phones":["`+numberA+`"],"key":"disk"}`), "the one before has ended")
}

// The server dies in the middle of a call. The phone rings on, and tells the
// next server on the same file who picked up; it rings nobody twice.
func TestRestartInMidCallLosesNothing(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := launch(t)
			p := s.phone(t, func(string, int) autocalltest.Reply {
				return autocalltest.Reply{Ring: time.Second, Talk: 2 * time.Second}
			})
			id := s.post(t, `{"phones":["`+numberA+`"],"message":"disk full","rounds":3}`)
			waiting := s.post(t, `{"phones":["`+numberB+`"],"severity":"info"}`)
			require.Eventually(t, func() bool { return len(p.Calls()) == 1 }, patience, 5*time.Millisecond)
			s.Stop(t, signal)
			again := launchAt(t, s.addr, s.db)
			require.Equal(t, "queued", again.api(t, http.MethodGet, "/calls/"+waiting, "").object(t)["state"])
			call := again.awaitState(t, id, "answered")
			require.Equal(t, "disk full", call["message"])
			again.awaitState(t, waiting, "answered")
			require.Len(t, p.Calls(), 2)
		})
	}
}

func TestPhonesAreShown(t *testing.T) {
	t.Parallel()
	s := launch(t)
	require.JSONEq(t, `{"phones":[{"name":"rack","silent":true}]}`, s.api(t, http.MethodGet, "/phones", "").text)
	a := s.do(t, http.MethodGet, "/phone/"+phoneToken+"/alert/phone", "", map[string]string{"model": "MI 8"})
	require.JSONEq(t, `{"code":1,"msg":"no alert"}`, a.text)
	a = s.do(t, http.MethodGet, "/phone/wrong-token-of-a-phone/alert/phone", "", nil)
	require.JSONEq(t, `{"code":2,"msg":"not found"}`, a.text)
	a = s.api(t, http.MethodGet, "/phones", "")
	require.Regexp(t, `^{"phones":\[{"name":"rack","model":"MI 8","seen":"20[^"]+","silent":false}\]}`, a.text)
	require.Equal(t, 200, s.do(t, http.MethodGet, "/healthz", "", nil).status)
}

// What was not set is made, and shown once.
func TestTokensMadeForThisRun(t *testing.T) {
	t.Parallel()
	s := startProcess(t, nil, "-listen", "127.0.0.1:0")
	s.addr = s.Errout.Await(t, `msg=listening addr=(\S+)`)
	url := s.Out.Await(t, `URL to enter into the phone phone-1:\n  http://[^/]+(/phone/[A-Z2-7]{26}/alert/phone)\n`)
	token := s.Out.Await(t, `keep one:\n  ([A-Z2-7]{26})\n`)
	require.JSONEq(t, `{"code":1,"msg":"no alert"}`, s.do(t, http.MethodGet, url, "", nil).text)
	require.Equal(t, 200, s.do(t, http.MethodGet, "/phones", "", map[string]string{"Authorization": "bearer " + token}).status)
	require.NotContains(t, s.Errout.String(), token)
	require.Equal(t, 0, s.Stop(t, syscall.SIGINT))
}
