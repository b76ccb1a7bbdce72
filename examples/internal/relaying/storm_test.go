package relaying

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

const (
	// smallStorm is how many callbacks a storm has unless TOCSIN_STORM says so.
	smallStorm = 3000

	stormCallers = 64
	stormAnswer  = 5 * time.Second // after which CloudMonitor hangs up
	stormMemory  = 1 << 20         // KiB that the relay may take, with the race detector
	stormDrain   = 20 * time.Minute
)

// A storm is callbacks from many callers at once.
type storm struct {
	total int
	pace  time.Duration // between two callbacks; 0: as fast as they are answered
	next  atomic.Int64
	urls  func() []string // of relays, tried in turn from one that differs by caller

	mu       sync.Mutex
	took     []time.Duration
	accepted map[int]bool // answered 200
	refused  int          // answers of another status
	broken   int          // no answer: the relay died
}

// stormBody is the callback of number n: about an instance of its own, and
// critical one time in fifty.
func stormBody(n int) []byte {
	level := "WARN"
	if n%50 == 49 {
		level = "CRITICAL"
	}
	return fmt.Appendf(nil, `{"product":"ecs","level":%q,"instanceName":"storm-%06d","regionId":"cn-hangzhou","name":"Disk%02d:Full","id":"id-%d",`+
		`"eventTime":"20261120T160841.792+0800","resourceId":"acs:ecs:cn-hangzhou:1:instance/i-%d","content":{"used":"95%%"},"status":"Exceeded","ver":"1.0"}`,
		level, n, n%17, n, n)
}

// rage posts all callbacks and returns when each was answered with 200.
func (s *storm) rage(t *testing.T) {
	t.Helper()
	s.accepted = make(map[int]bool, s.total)
	client := &http.Client{Timeout: 2 * stormAnswer, Transport: &http.Transport{MaxIdleConnsPerHost: stormCallers}}
	defer client.CloseIdleConnections()
	began := time.Now()
	var callers sync.WaitGroup
	for caller := range stormCallers {
		callers.Go(func() {
			for n := int(s.next.Add(1)) - 1; n < s.total && t.Context().Err() == nil; n = int(s.next.Add(1)) - 1 {
				<-time.After(time.Until(began.Add(time.Duration(n) * s.pace)))
				for try := caller; !s.post(t.Context(), client, n, try); try++ {
					<-time.After(20 * time.Millisecond)
				}
			}
		})
	}
	callers.Wait()
}

// post posts one callback once and reports whether it was answered with 200.
func (s *storm) post(ctx context.Context, client *http.Client, n, try int) bool {
	urls := s.urls()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[try%len(urls)], bytes.NewReader(stormBody(n)))
	if err != nil {
		return false
	}
	began, status := time.Now(), 0
	resp, err := client.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		status = resp.StatusCode
	}
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.broken++
	case status != http.StatusOK:
		s.refused++
	default:
		s.accepted[n], s.took = true, append(s.took, took)
	}
	return status == http.StatusOK || ctx.Err() != nil
}

// quantile returns the time within which a part of the callbacks was answered.
func (s *storm) quantile(part float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	return s.took[min(int(part*float64(len(s.took))), len(s.took)-1)]
}

// log shows the answers.
func (s *storm) log(t *testing.T) {
	t.Helper()
	t.Logf("%d callbacks accepted, %d refused, %d without an answer; answered within p50 %v, p99 %v, p99.9 %v, max %v",
		len(s.accepted), s.refused, s.broken, s.quantile(.5), s.quantile(.99), s.quantile(.999), s.quantile(1))
}

// toldOf returns of how many alerts the messages of a group tell, by the counts in
// their digests, which must add up.
func toldOf(t *testing.T, group *wecomtest.Server) (alerts int) {
	t.Helper()
	for _, m := range group.Messages() {
		alerts += countAlerts(t, m.Content)
	}
	return alerts
}

// countAlerts returns of how many alerts a message in Chinese tells.
func countAlerts(t *testing.T, message string) int {
	t.Helper()
	header := regexp.MustCompile(`^\*\*<font color="\w+">【[^】]+】共 (\d+) 条告警</font>\*\*\n`).FindStringSubmatch(message)
	if header == nil {
		return 1
	}
	total, err := strconv.Atoi(header[1])
	require.NoError(t, err)
	parts := 0
	for _, m := range regexp.MustCompile(`(?m)^(?:\*\*×(\d+)\*\* |另有 (\d+) 条（\d+ 组）未列出，其中 \d+ 条仍在告警$)`).FindAllStringSubmatch(message, -1) {
		n, err := strconv.Atoi(cmp.Or(m[1], m[2]))
		require.NoError(t, err)
		parts += n
	}
	require.Equal(t, total, parts, "groups in %s", message)
	return total
}

// A storm of callbacks is answered in time, whatever the robots take, and every
// one of them is told once, by its own trap and in the counts of digests.
// TOCSIN_STORM=50000 makes a large one, of a minute, with robots that take twenty
// messages a minute.
func TestStorm(t *testing.T) {
	t.Parallel()
	testStorm(t, filepath.Join(t.TempDir(), "storm.db"))
}

func testStorm(t *testing.T, db string) {
	t.Helper()
	s, rate := &storm{total: smallStorm}, 1200
	if text := os.Getenv("TOCSIN_STORM"); text != "" {
		var err error
		s.total, err = strconv.Atoi(text)
		require.NoError(t, err, "TOCSIN_STORM must be a number")
		s.pace, rate = time.Minute/time.Duration(s.total), 20
	}
	groups := []*wecomtest.Server{wecomtest.NewServer(t), wecomtest.NewServer(t)}
	args := []string{
		"-listen", "127.0.0.1:0", "-callback-secret", testSecret, "-wecom-rate", strconv.Itoa(rate), "-admin-listen", "127.0.0.1:0",
		"-db", db,
	}
	for _, g := range groups {
		g.Rate = rate
		args = append(args, "-wecom-url", g.Listen(t))
	}
	traps := newSink(t)
	p, cmd := process(t, nil, append(args, "-trap-target", traps.addr, "-trap-community", testCommunity, "-trap-base-oid", testOID)...)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	s.urls = func() []string { return []string{"http://" + p.addr + "/aliyun/" + testSecret} }

	began := time.Now()
	s.rage(t)
	posted := time.Since(began)
	atEnd := []int{len(groups[0].Messages()), len(groups[1].Messages())}
	require.Eventually(t, func() bool {
		alerts, _ := traps.counts()
		return toldOf(t, groups[0]) >= s.total && toldOf(t, groups[1]) >= s.total && alerts+traps.dropped() >= s.total
	}, stormDrain, 50*time.Millisecond)
	drained := time.Since(began)
	for _, c := range p.counts(t) {
		require.Zero(t, c.Dead, c.Route)
	}
	memory := peak(cmd.Process.Pid)
	require.Equal(t, 0, p.stop(t))

	s.log(t)
	require.Len(t, s.accepted, s.total)
	require.Zero(t, s.refused+s.broken, "all were answered with 200")
	require.Less(t, s.quantile(.999), stormAnswer)
	for i, g := range groups {
		require.Equal(t, s.total, toldOf(t, g), "robot %d", i+1)
		require.Equal(t, len(g.Messages()), g.Attempts(), "robot %d refused nothing", i+1)
		requireCriticalFirst(t, g.Messages()[atEnd[i]:])
		t.Logf("%d messages to robot %d after the last callback", len(g.Messages())-atEnd[i], i+1)
	}
	alerts, twice := traps.counts()
	require.Equal(t, s.total, alerts+traps.dropped(), "traps that arrived, and that this test had no room for")
	require.Zero(t, twice)
	require.Less(t, memory, stormMemory)
	t.Logf("posted in %v, drained after %v; %d and %d messages; %d traps and %d dropped by the kernel; peak of memory %d MiB",
		posted.Round(time.Millisecond), drained.Round(time.Millisecond), len(groups[0].Messages()), len(groups[1].Messages()), alerts, traps.dropped(), memory>>10)
}

// requireCriticalFirst looks at the messages after the last callback. The first
// of them may have been made before it. The next one has room for all critical
// alerts that waited, so that those behind it tell of none.
func requireCriticalFirst(t *testing.T, messages []wecomtest.Message) {
	t.Helper()
	for _, m := range messages[min(2, len(messages)):] {
		require.NotContains(t, m.Content, "CRITICAL", "a critical alert had to wait")
	}
}
