package voice_test

import (
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// A Sender over a Client meets the duties of all Senders, with and without a
// socket.
func TestSenderConformance(t *testing.T) {
	t.Parallel()
	for name, socket := range map[string]bool{"in process": false, "over a socket": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness { return newHarness(t, socket) })
		})
	}
}

func newHarness(t *testing.T, socket bool) *alerttest.Harness {
	t.Helper()
	esb := voicetest.NewESB(t)
	log := &journal{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts := voice.ClientOptions{HTTPClient: esb.Client(), Logger: logger}
	address := esb.URL()
	if socket {
		address, opts.HTTPClient = esb.Listen(t), nil
	}
	client := clientOf(t, esb, address, opts)
	all := anyTime(t, alert.RingPolicy{Resolved: true, Tests: true})
	all.Locale, all.Logger = alert.English, logger
	s := newSender(t, client, three()[:1], all)
	return &alerttest.Harness{
		Sender:   s,
		Messages: esb.Attempts,
		Delivered: func() int {
			total := 0
			for _, c := range esb.Calls() {
				total += counted(t, c.Text)
			}
			return total
		},
		Saw: func(text string) bool {
			for _, c := range esb.Calls() {
				if strings.Contains(c.Text, text) {
					return true
				}
			}
			return false
		},
		Refuse: func() { esb.FailAlways(voicetest.Code(1306403, "no permission")) },
		Busy:   func() { esb.FailAlways(voicetest.RateLimited()) },
		Break:  func() { esb.FailAlways(voicetest.ResetAfter()) },
		Hang: func() <-chan struct{} {
			arrived := make(chan struct{})
			esb.FailAlways(voicetest.Hang(arrived))
			return arrived
		},
		Logs:       log.String,
		Secrets:    []string{esb.AppSecret, numberA},
		OneMessage: true,
		NeverTwice: true,
	}
}

// counted reads from an English text how many alerts it accounts for.
func counted(t *testing.T, text string) int {
	t.Helper()
	count := func(pattern string, otherwise int) int {
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if found == nil {
			return otherwise
		}
		n, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		return n
	}
	return count(`^\w[\w ]*(?:, \w[\w ]*)?, (\d+) alerts, `, 1) + count(`, plus (\d+) tests?\b`, 0)
}
