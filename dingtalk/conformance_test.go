package dingtalk_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
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

// newHarness returns a robot with all that an operator can set up, and its far
// end.
func newHarness(t *testing.T, socket bool) *alerttest.Harness {
	t.Helper()
	const number = "13800000001"
	server := dingtalktest.NewServer(t)
	server.Rate, server.Secret, server.Keywords = 0, testSecret, []string{"值班"}
	log := &journal{}
	opts := &dingtalk.Options{
		Rate: -1, Secret: testSecret, Keyword: "值班", At: dingtalk.At{Mobiles: []string{number}}, HTTPClient: server.Client(),
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	url := server.URL()
	if socket {
		url, opts.HTTPClient = server.Listen(t), nil
	}
	robot, err := dingtalk.New(url, opts)
	require.NoError(t, err)
	counter := newCounter()
	h := &alerttest.Harness{
		Sender:   robot,
		Messages: server.Attempts,
		Delivered: func() int {
			total := 0
			for _, m := range server.Messages() {
				total += counter.count(t, mentionsOff(m.Text))
			}
			return total
		},
		Saw: func(text string) bool {
			for _, m := range server.Messages() {
				if strings.Contains(m.Text, text) {
					return true
				}
			}
			return false
		},
		Refuse: func() { server.FailAlways(dingtalktest.Errcode(300005)) },
		Busy:   func() { server.FailAlways(dingtalktest.Errcode(130101)) },
		Break:  func() { server.FailAlways(dingtalktest.ResetAfter()) },
		Hang: func() <-chan struct{} {
			arrived := make(chan struct{})
			server.FailAlways(dingtalktest.Hang(arrived))
			return arrived
		},
		Logs:       log.String,
		Secrets:    []string{server.Token, testSecret, number},
		OneMessage: true,
	}
	if !socket { // behind one the connection is there already
		h.Unreachable = func() { server.FailAlways(dingtalktest.Unreachable()) }
	}
	return h
}
