//go:build unix

package sqlqueue_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// A process is one server of a fleet. Its port is the test's and stays open
// while the server is dead: who connects waits for the next one.
type process struct {
	t      *testing.T
	url    string
	config string
	port   *os.File // the listener
	cmd    *exec.Cmd
	stderr bytes.Buffer
	mu     sync.Mutex // of the fields of the process under way
}

// newProcess starts a server.
func newProcess(t *testing.T, c *serverConfig) *process {
	t.Helper()
	config, err := json.Marshal(c)
	require.NoError(t, err)
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	port, err := listener.File()
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close(); port.Close() })
	p := &process{t: t, url: "http://" + listener.Addr().String(), config: string(config), port: port}
	p.start()
	t.Cleanup(p.kill)
	return p
}

// start starts the server and waits until it serves.
func (p *process) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(os.Args[0]) //nolint:gosec // this test
	p.cmd.Env = append(os.Environ(), "BE_A_QUEUE_SERVER="+p.config)
	p.cmd.ExtraFiles = []*os.File{p.port}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, p.cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		p.cmd.Wait() //nolint:errcheck // its words say more
		p.t.Fatalf("the server did not start: %q, %v\n%s", line, err, p.stderr.String())
	}
}

// kill kills the server with SIGKILL.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd.Process.Kill() //nolint:errcheck // it may be dead
	p.cmd.Wait()         //nolint:errcheck // it was killed
}

// A fleet is servers over one database, and the phones that poll them.
type fleet struct {
	t       *testing.T
	engine  *realdb.Engine
	driver  string
	dsn     string
	notices string
	servers []*process
	tokens  map[string]string
	client  *http.Client
}

// newFleet starts servers over a new database.
func newFleet(t *testing.T, e *realdb.Engine, servers, phones int) *fleet {
	t.Helper()
	_, driver, dsn := e.Open(t)
	f := &fleet{
		t: t, engine: e, driver: driver, dsn: dsn, tokens: make(map[string]string), notices: filepath.Join(t.TempDir(), "notices"),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * phones}},
	}
	t.Cleanup(f.client.CloseIdleConnections)
	for i := range phones {
		f.tokens[fmt.Sprint("phone ", i)] = fmt.Sprintf("token-of-the-phone-%d", i)
	}
	for range servers {
		f.servers = append(f.servers, newProcess(t, &serverConfig{
			Driver: driver, DSN: dsn, Dialect: e.Name, Notices: f.notices, Tokens: f.tokens,
		}))
	}
	return f
}
