package snmptrap_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// startHandler starts a receiver that, like snmptrapd, runs a handler for each
// inform, one after the other, before it answers. What arrives meanwhile waits
// in the socket's buffer.
func startHandler(t *testing.T, takes time.Duration) *responder {
	t.Helper()
	return respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte {
		<-time.After(takes)
		return [][]byte{reply(p)}
	})
}

// A handler that takes a good part of the time for an answer runs once an alert,
// however many come at once.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		takes, timeout time.Duration
		most           int // runs for 12 alerts
	}{
		{"quicker than the timeout", 30 * time.Millisecond, time.Second, 13},
		{"slower than the timeout", 150 * time.Millisecond, 100 * time.Millisecond, 14},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := startHandler(t, tt.takes)
			s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: tt.timeout, Retries: 3}}, r.addr())
			alerts, names := numbered(12)
			var wg sync.WaitGroup
			for i := range 4 { // Sends at the same time share what the receiver bears
				wg.Go(func() {
					if err := s.Send(t.Context(), alerts[3*i:3*i+3]...); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			require.LessOrEqual(t, len(r.received()), tt.most)
			require.Subset(t, r.names(), names)
		})
	}
}

// The outbox sends an alert again that got no answer in time. The late answer
// counts, and without one the repetition has the same request-id.
func TestLateAnswerCounts(t *testing.T) {
	t.Parallel()
	for _, a := range []alert.Alert{
		{Source: "s", Key: "k", Name: "n", StartsAt: time.Unix(1, 0)}, {Source: "s", Key: "k"}, {Name: "without a key"},
	} {
		late := make(chan func(), 1)
		var r *responder
		r = respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
			if n == 0 {
				late <- func() { r.reply(reply(p), r.peer) }
				return nil
			}
			return [][]byte{reply(p)}
		})
		s := newSender(t, lasting(-1), r.addr())
		once := alert.Once(t.Context())
		require.ErrorIs(t, s.Send(once, a), alert.ErrUncertain)
		(<-late)()
		require.Eventually(t, func() bool { return s.Send(once, a) == nil }, 5*time.Second, time.Millisecond)
		require.NoError(t, s.Send(t.Context(), a), "a new inform, since the last one was answered")
		ids := map[uint32]int{}
		for _, p := range r.decoded() {
			ids[p.RequestID]++
		}
		require.Len(t, ids, 2)
		require.LessOrEqual(t, ids[r.decoded()[0].RequestID], 2, "the first and at most one repetition")
	}
}

// An old answer is not one to what has happened since.
func TestLateAnswerToAnOlderState(t *testing.T) {
	t.Parallel()
	var mute atomic.Bool
	mute.Store(true)
	r := respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte {
		if mute.Load() {
			return nil
		}
		return [][]byte{reply(p)}
	})
	s := newSender(t, lasting(-1), r.addr())
	firing, over := alert.Alert{Key: "k", Name: "n"}, alert.Alert{Key: "k", Name: "n", Status: alert.Resolved}
	require.ErrorIs(t, s.Send(t.Context(), firing), alert.ErrUncertain)
	mute.Store(false)
	require.NoError(t, s.Send(t.Context(), over))
	require.NoError(t, s.Send(t.Context(), firing))
	require.Len(t, r.received(), 3)
	ids := map[uint32]bool{}
	for _, p := range r.decoded() {
		ids[p.RequestID] = true
	}
	require.Len(t, ids, 3)
}

// What waits for its predecessor in the same Key keeps nothing else waiting.
func TestOrderWithinAKeyHoldsNothingElseBack(t *testing.T) {
	t.Parallel()
	r := respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte {
		if strings.HasPrefix(nameOf(p), "stuck") {
			return nil
		}
		return [][]byte{reply(p)}
	})
	s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 200 * time.Millisecond, Retries: 1}}, r.addr())
	alerts, names := numbered(5) // which make room for several in flight
	require.NoError(t, s.Send(t.Context(), alerts...))
	alerts, _ = numbered(20)
	alerts = append([]alert.Alert{{Key: "stuck", Name: "stuck 1"}, {Key: "stuck", Name: "stuck 2"}}, alerts...)
	err := s.Send(t.Context(), alerts...)
	for i := range alerts {
		if at := alert.ErrorAt(err, i, len(alerts)); i < 2 {
			require.Error(t, at)
		} else {
			require.NoError(t, at)
		}
	}
	got := r.names()[len(names):]
	require.Equal(t, "stuck 1", got[len(got)-3], "everything else went before its repetition: %v", got)
}

// A receiver that is gone does not take the time of all attempts for each alert.
func TestSilentReceiverEndsTheBatch(t *testing.T) {
	t.Parallel()
	r := respond(t, "", silent)
	s := newSender(t, impatient(-1), r.addr())
	alerts, _ := numbered(100)
	err := s.Send(t.Context(), alerts...)
	require.Eventually(t, func() bool { return len(r.received()) == 2 }, 5*time.Second, time.Millisecond)
	for i := range alerts {
		at := alert.ErrorAt(err, i, len(alerts))
		require.True(t, alert.Retryable(at))
		require.Equal(t, i < 2, strings.Contains(at.Error(), "no answer to 1 attempt"), fmt.Sprint(i, at))
	}
	require.ErrorContains(t, alert.ErrorAt(err, 99, 100), "not sent: the receiver did not answer the informs before it")
}

// A storm is spaced out: a receiver with a small buffer takes all of it, where it
// loses most of what comes at once. It runs alone: a receiver that does not run
// loses what comes meanwhile.
func TestStorm(t *testing.T) {
	l := listen(t, "")
	require.NoError(t, l.conn.(*net.UDPConn).SetReadBuffer(64<<10))
	s := newSender(t, nil, l.addr())
	alerts, names := numbered(1000)
	require.NoError(t, s.Send(t.Context(), alerts...))
	require.Equal(t, names, l.names())
}
