package wecom_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// A journal is a log that several goroutines write.
type journal struct {
	mu  sync.Mutex
	log strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.String()
}

func TestSender(t *testing.T) {
	t.Parallel()
	for _, socket := range []bool{false, true} {
		name := "in process"
		if socket {
			name = "over a socket"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness { return newHarness(t, socket) })
		})
	}
}

func newHarness(t *testing.T, socket bool) *alerttest.Harness {
	t.Helper()
	server := wecomtest.NewServer(t)
	server.Rate = 0
	log := &journal{}
	opts := &wecom.Options{Rate: -1, HTTPClient: server.Client(), Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	url := server.URL()
	if socket {
		url, opts.HTTPClient = server.Listen(t), nil
	}
	robot, err := wecom.New(url, opts)
	require.NoError(t, err)
	counter := newCounter()
	h := &alerttest.Harness{
		Sender:   robot,
		Messages: server.Attempts,
		Delivered: func() int {
			total := 0
			for _, m := range server.Messages() {
				total += counter.count(t, m.Content)
			}
			return total
		},
		Saw: func(text string) bool {
			for _, m := range server.Messages() {
				if strings.Contains(m.Content, text) {
					return true
				}
			}
			return false
		},
		Refuse: func() { server.FailAlways(wecomtest.Errcode(93000)) },
		Busy:   func() { server.FailAlways(wecomtest.Errcode(45009)) },
		Break:  func() { server.FailAlways(wecomtest.ResetAfter()) },
		Hang: func() <-chan struct{} {
			arrived := make(chan struct{})
			server.FailAlways(wecomtest.Hang(arrived))
			return arrived
		},
		Logs:       log.String,
		Secrets:    []string{server.Key},
		OneMessage: true,
	}
	if !socket { // behind one the connection is there already
		h.Unreachable = func() { server.FailAlways(wecomtest.Unreachable()) }
	}
	return h
}
