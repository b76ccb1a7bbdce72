package snmptrap_test

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
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

// A receiver of informs can refuse and stay silent.
func TestInformDuties(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		log := new(lockedBuffer)
		var behaviour atomic.Pointer[func(int, *gosnmp.SnmpPacket) [][]byte]
		behave := func(f func(int, *gosnmp.SnmpPacket) [][]byte) { behaviour.Store(&f) }
		behave(acknowledge)
		var accepted acceptedIDs
		r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
			answers := (*behaviour.Load())(n, p)
			if len(answers) > 0 && decode(t, answers[0]).Error == gosnmp.NoError {
				accepted.add(p.RequestID)
			}
			return answers
		})
		s, err := snmptrap.New([]string{r.addr()}, "c0mmunity", testBase, &snmptrap.Options{
			Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Inform: &snmptrap.Inform{Timeout: time.Second},
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return &alerttest.Harness{
			Sender:    s,
			Messages:  func() int { return len(r.received()) },
			Delivered: accepted.count,
			Saw: func(text string) bool {
				for _, octets := range r.received() {
					if bytes.Contains(octets, []byte(text)) {
						return true
					}
				}
				return false
			},
			Refuse: func() {
				behave(func(_ int, p *gosnmp.SnmpPacket) [][]byte { return [][]byte{reply(p, status(6))} })
			},
			Busy: func() {
				behave(func(_ int, p *gosnmp.SnmpPacket) [][]byte { return [][]byte{reply(p, status(13))} })
			},
			Break: func() { behave(silent) },
			Hang: func() <-chan struct{} {
				behave(silent)
				return r.arrived
			},
			Logs:    log.String,
			Secrets: []string{"c0mmunity"},
			Batch:   150,
		}
	})
}

// acceptedIDs count the informs that were accepted, repetitions once.
type acceptedIDs struct {
	mu  sync.Mutex
	ids map[uint32]bool
}

func (l *acceptedIDs) add(id uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids == nil {
		l.ids = map[uint32]bool{}
	}
	l.ids[id] = true
}

func (l *acceptedIDs) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ids)
}
