package snmptrap_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// A lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// A receiver of traps can neither refuse nor stay silent: it never answers.
// So the hooks for such checks are missing.
func TestSenderDuties(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		l, log := listen(t, ""), new(lockedBuffer)
		s, err := snmptrap.New([]string{l.addr()}, "c0mmunity", testBase, &snmptrap.Options{
			Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return &alerttest.Harness{
			Sender:    s,
			Messages:  func() int { return len(l.received()) },
			Delivered: func() int { return len(l.packets()) },
			Saw: func(text string) bool {
				for _, octets := range l.received() {
					if bytes.Contains(octets, []byte(text)) {
						return true
					}
				}
				return false
			},
			Logs:    log.String,
			Secrets: []string{"c0mmunity"},
			Batch:   150,
		}
	})
}
