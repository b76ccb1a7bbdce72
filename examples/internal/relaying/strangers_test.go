package relaying

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// hangsUp is after how long CloudMonitor does.
const hangsUp = 5 * time.Second

// strangers opens connections, writes what begins a request, and leaves them open.
func (p *program) strangers(t *testing.T, n int, begin string) {
	t.Helper()
	for range n {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.addr)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, begin) // it may be closed already
	}
}

// With 1,024 files allowed, 2,000 open connections keep no callback out.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	c := clitest.StartWithFiles(t, 1024, nil,
		"-listen", "127.0.0.1:0", "-wecom-url", group.url, "-callback-secret", testSecret, "-db", filepath.Join(t.TempDir(), "relay.db"))
	p := &program{out: c.Out, errout: c.Errout, wait: c.Wait}
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	p.strangers(t, 1000, "")
	p.strangers(t, 1000, "POST /aliyun/guess HTTP/1.1\r\nHost: relay\r\nX-")

	client := &http.Client{Timeout: hangsUp, Transport: &http.Transport{DisableKeepAlives: true}}
	failed := make(chan error, 30)
	var all sync.WaitGroup
	for i := range cap(failed) {
		all.Go(func() {
			body := fmt.Sprintf(`{"product":"p","name":"n","instanceName":"web-%d"}`, i)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/aliyun/"+testSecret, strings.NewReader(body))
			if err != nil {
				failed <- err
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				failed <- err
				return
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				failed <- fmt.Errorf("HTTP %d", resp.StatusCode)
			}
		})
	}
	all.Wait()
	for range len(failed) {
		t.Error(<-failed)
	}
	require.Equal(t, 0, c.Stop(t, syscall.SIGTERM))
	require.Contains(t, p.printed(), "connection closed: it was idle")
	require.NotContains(t, p.printed(), "too many open files")
}

// Whatever strangers send, the log gets a few lines.
func TestStrangersDoNotWriteTheLog(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret)
	before := len(p.printed())
	method := strings.Repeat("M", 1<<19)
	for _, path := range []string{"/aliyun/guess", "/nowhere", "/aliyun/"} {
		for range 20 {
			answer := p.raw(t, method+" "+path+" HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
			require.Contains(t, answer, "404")
		}
	}
	for range 20 {
		p.raw(t, "\x16\x03\x01hush\r\n\r\n")
	}
	written := p.printed()[before:]
	require.Less(t, len(written), 16<<10)
	for _, message := range []string{"callback refused: wrong secret", "request refused: no such path", "request refused: its header"} {
		require.Contains(t, written, message)
	}
}
