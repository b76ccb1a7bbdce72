package relaying

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A sink counts traps by the alert that they are about.
type sink struct {
	conn *net.UDPConn
	addr string
	done chan struct{}

	mu   sync.Mutex
	seen map[int]int
}

// newSink listens with a buffer as large as the system allows.
func newSink(t *testing.T) *sink {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	require.NoError(t, conn.SetReadBuffer(32<<20))
	s := &sink{conn: conn, addr: conn.LocalAddr().String(), done: make(chan struct{}), seen: make(map[int]int)}
	go s.read()
	t.Cleanup(func() {
		_ = conn.Close()
		<-s.done
	})
	return s
}

func (s *sink) read() {
	defer close(s.done)
	buf := make([]byte, 64<<10)
	mark := []byte("storm-")
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		at := bytes.Index(buf[:n], mark)
		number, err := strconv.Atoi(string(buf[max(at, 0)+len(mark) : max(at, 0)+len(mark)+6]))
		if at < 0 || err != nil {
			number = -1
		}
		s.mu.Lock()
		s.seen[number]++
		s.mu.Unlock()
	}
}

// counts returns how many alerts arrived, and how many traps beyond one for each.
func (s *sink) counts() (alerts, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.seen {
		twice += n - 1
	}
	return len(s.seen), twice
}

// missing returns the alerts of which no trap came.
func (s *sink) missing(alerts map[int]bool) (lost []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range alerts {
		if s.seen[n] == 0 {
			lost = append(lost, n)
		}
	}
	return lost
}

// dropped returns how many datagrams the kernel had no room for.
func (s *sink) dropped() (n int) {
	text, _ := os.ReadFile("/proc/net/udp")
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 12 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", s.conn.LocalAddr().(*net.UDPAddr).Port)) {
			n, _ = strconv.Atoi(f[12])
		}
	}
	return n
}

// peak returns the most memory, in KiB, that a process has had, or 0 where the
// system does not say.
func peak(pid int) (kib int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &kib)
		}
	}
	return kib
}
