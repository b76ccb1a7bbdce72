package relaying

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// newTrapSender returns a Sender to one receiver, of informs if in is not nil.
func newTrapSender(t *testing.T, addr string, in *snmptrap.Inform) *snmptrap.Sender {
	t.Helper()
	s, err := snmptrap.New([]string{addr}, testCommunity, testOID, &snmptrap.Options{Inform: in})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// marked is an alert whose name can be found in what snmptrapd prints.
func marked(i, j int) alert.Alert { return alert.Alert{Name: fmt.Sprintf("alert<%d/%d>", i, j)} }

// A tally counts the outcomes of many informs, by name of the alert.
type tally struct {
	mu     sync.Mutex
	acked  map[string]bool
	failed map[string]error
}

// send sends informs from many goroutines and reports each outcome.
func (ta *tally) send(t *testing.T, s *snmptrap.Sender, callers, each int, acked func(n int)) {
	t.Helper()
	ta.acked, ta.failed = map[string]bool{}, map[string]error{}
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				a := marked(i, j)
				acks, err := s.Inform(t.Context(), a)
				ta.mu.Lock()
				if err == nil && len(acks) == 1 {
					ta.acked[a.Name] = true
				} else {
					ta.failed[a.Name] = err
				}
				n := len(ta.acked)
				ta.mu.Unlock()
				acked(n)
			}
		})
	}
	wg.Wait()
}

// missing returns which of the acknowledged alerts are in no log.
func (ta *tally) missing(logs ...*clitest.Transcript) (names []string) {
	printed := ""
	for _, log := range logs {
		printed += log.String()
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(printed, "alert<") {
		name, _, _ := strings.Cut(part, ">")
		seen["alert<"+name+">"] = true
	}
	for name := range ta.acked {
		if !seen[name] {
			names = append(names, name)
		}
	}
	return names
}

// 64 goroutines over one socket: the real receiver acknowledges everything,
// and every acknowledgement reaches its inform.
func TestRealSnmptrapdInforms(t *testing.T) {
	t.Parallel()
	const callers, each = 64, 200
	addr, log := startSnmptrapd(t)
	s := newTrapSender(t, addr, &snmptrap.Inform{Timeout: time.Second, Retries: 30})
	var ta tally
	ta.send(t, s, callers, each, func(int) {})
	require.Empty(t, ta.failed)
	require.Len(t, ta.acked, callers*each)
	require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<last>"}))
	log.Await(t, `alert<last>`) // and with it all that came before
	require.Empty(t, ta.missing(log), "acknowledged and not printed")
}

// The receiver dies in the middle and comes back. Every inform is acknowledged
// or reported, and what was acknowledged was taken.
func TestRealSnmptrapdThatRestarts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		inform  snmptrap.Inform
		success bool
	}{
		{"retried to success", snmptrap.Inform{Timeout: time.Second, Retries: 60}, true},
		{"reported", snmptrap.Inform{Timeout: 20 * time.Millisecond, Retries: -1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const callers, each = 16, 100
			addr := freeUDP(t)
			first, kill := startSnmptrapdAt(t, addr)
			s := newTrapSender(t, addr, &tt.inform)
			half := make(chan struct{})
			var once sync.Once
			var second atomic.Pointer[clitest.Transcript]
			var wg sync.WaitGroup
			wg.Go(func() {
				<-half
				kill()
				log, _ := startSnmptrapdAt(t, addr)
				second.Store(log)
			})
			var ta tally
			ta.send(t, s, callers, each, func(n int) {
				if n >= callers*each/2 {
					once.Do(func() { close(half) })
				}
			})
			once.Do(func() { close(half) })
			wg.Wait()
			require.Equal(t, callers*each, len(ta.acked)+len(ta.failed), "none is silently lost")
			if tt.success {
				require.Empty(t, ta.failed)
			}
			for name, err := range ta.failed {
				require.ErrorIs(t, err, alert.ErrUncertain, name)
				require.True(t, alert.Retryable(err))
				require.ErrorContains(t, err, addr)
			}
			require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<last>"}))
			second.Load().Await(t, `alert<last>`)
			require.Empty(t, ta.missing(first, second.Load()), "acknowledged and not printed")
		})
	}
}

// Traps to a receiver that is down are lost without an error, as documented,
// and the first after its return arrives.
func TestRealSnmptrapdTrapsAcrossARestart(t *testing.T) {
	t.Parallel()
	addr := freeUDP(t)
	log, kill := startSnmptrapdAt(t, addr)
	s := newTrapSender(t, addr, nil)
	require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<before>"}))
	log.Await(t, `alert<before>`)
	kill()
	for range 5 {
		require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<lost>"}))
	}
	log, _ = startSnmptrapdAt(t, addr)
	require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<after>"}))
	log.Await(t, `alert<after>`)
	require.NotContains(t, log.String(), "alert<lost>")
}

// The self-test says who acknowledged.
func TestRealSnmptrapdSelfTest(t *testing.T) {
	t.Parallel()
	addr, log := startSnmptrapd(t)
	code, out := selfTestRun(t, "-trap-target", addr, "-trap-community", testCommunity, "-trap-base-oid", testOID, "-trap-inform")
	require.Equal(t, 0, code, out)
	require.Regexp(t, `ok      SNMP console at `+addr+`: acknowledged by `+addr+` after \S+, attempt 1\n`, out)
	log.Await(t, `测试告警`)
}
