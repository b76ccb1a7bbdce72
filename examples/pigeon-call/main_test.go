package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// patience bounds a wait for something that must happen.
const patience = clitest.Patience

// A process is the program that runs.
type process struct{ *clitest.Process }

// start runs the program with a token in its environment.
func start(t *testing.T, env []string, args ...string) process {
	t.Helper()
	return process{clitest.Start(t, env, args...)}
}

// exit waits for the end and returns the status and what was printed.
func (r process) exit(t *testing.T) (int, string) {
	t.Helper()
	return r.Wait(t), r.Printed()
}

// newSpace returns a stand-in that listens, in which all is over as soon as it has
// begun unless the test says otherwise.
func newSpace(t *testing.T, set func(*pigeontest.Server)) (*pigeontest.Server, []string) {
	t.Helper()
	server := pigeontest.NewServer(t)
	server.Talk, server.Ring = 0, 0
	if set != nil {
		set(server) // before a goroutine serves
	}
	return server, []string{"-base-url", server.Listen(t), "-callflow", pigeontest.CallFlowID, "-guidance", pigeontest.GuidanceID, "-param", "text=disk=full"}
}

func token(s *pigeontest.Server) []string { return []string{"TOCSIN_PIGEON_TOKEN=" + s.Token} }

// TestEnds has each way in which a call ends.
func TestEnds(t *testing.T) {
	t.Parallel()
	press := func(key string) func(pigeontest.Dial) pigeontest.Pickup {
		return func(pigeontest.Dial) pigeontest.Pickup { return pigeontest.Pressed(key) }
	}
	tests := []struct {
		name   string
		answer func(pigeontest.Dial) pigeontest.Pickup
		fails  []pigeontest.Failure // the first is for the list of chains
		args   []string
		want   int
		says   string
		placed int
	}{
		{"taken", press("1"), nil, nil, 0, "acknowledged with key 1", 1},
		{"ended with another key", press("1"), nil, []string{"-take", "4, 5"}, 1, "unanswered", 1},
		{"passed on by all", press("2"), nil, nil, 1, "unanswered", 1},
		{"nobody", nil, nil, nil, 1, "unanswered", 1},
		{"refused", nil, nil, []string{"-callflow", "unknown"}, 1, "params.callflow: not found", 0},
		{"503", press("1"), []pigeontest.Failure{pigeontest.HTML(500), pigeontest.Instead(pigeontest.HTML(503))}, nil, 3, "could not be had", 1},
		{"no list of chains", press("1"), []pigeontest.Failure{pigeontest.HTML(404)}, nil, 0, "acknowledged", 1},
		{"field", nil, nil, []string{"-param", "{}=x"}, 2, "is no name of a placeholder", 0},
		{"resume unknown", nil, nil, []string{"-resume", "../x"}, 2, "leads elsewhere", 0},
		{"abort unknown", nil, nil, []string{"-abort", "x"}, 1, "there is no such chain", 0},
		{"abort nothing", nil, nil, []string{"-abort", ".."}, 2, "leads elsewhere", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, args := newSpace(t, func(s *pigeontest.Server) { s.Answer = tt.answer })
			server.Fail(tt.fails...)
			status, text := start(t, token(server), append(args, tt.args...)...).exit(t)
			require.Equal(t, tt.want, status, text)
			require.Contains(t, text, tt.says)
			require.Equal(t, tt.placed, server.Placed())
			require.NotContains(t, text, server.Token)
			if tt.placed > 0 {
				require.Equal(t, "disk=full", server.Chains()[0].Text)
			}
		})
	}
}

// TestUncertain finds the chain whose answer got lost.
func TestUncertain(t *testing.T) {
	t.Parallel()
	server, args := newSpace(t, nil)
	args[1] = serve(t, losing{server, false})
	status, text := start(t, token(server), args...).exit(t)
	require.Equal(t, 3, status, text)
	require.Contains(t, text, "outcome unknown")
	require.Contains(t, text, "-resume "+server.Chains()[0].ResultID)
	require.Equal(t, 1, server.Placed())

	args[1] = serve(t, losing{server, true}) // before anything was placed
	status, text = start(t, token(server), args...).exit(t)
	require.Equal(t, 3, status, text)
	require.Contains(t, text, "No new chain is listed")
	require.Equal(t, 1, server.Placed())
}

// losing loses the answers to invocations.
type losing struct {
	server *pigeontest.Server
	early  bool
}

func (l losing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/chain/invoke") {
		l.server.ServeHTTP(w, r)
		return
	}
	if !l.early {
		l.server.ServeHTTP(discard{http.Header{}}, r)
	}
	panic(http.ErrAbortHandler)
}

// discard is an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// serve serves on a port of the loopback.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{Handler: h, ReadHeaderTimeout: patience}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

// TestInterrupt leaves the chain alone and says how to go on; then it goes on,
// and stops it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"interrupt", "timeout"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			server, args := newSpace(t, func(s *pigeontest.Server) { s.Ring = time.Hour })
			if how == "timeout" {
				args = append(args, "-timeout", "300ms")
			}
			r := start(t, token(server), args...)
			if how == "interrupt" {
				require.Equal(t, "on-call 1", r.Out.Await(t, `active, status "calling"; call 1, (on-call 1): calling`))
				require.NoError(t, r.Cmd.Process.Signal(os.Interrupt))
			}
			status, text := r.exit(t)
			require.Equal(t, 3, status, text)
			id := server.Chains()[0].ResultID
			require.Contains(t, text, "the chain was not stopped")
			require.Contains(t, text, "pigeon-call -resume "+id)
			require.Contains(t, text, "pigeon-call -abort "+id)

			status, text = start(t, token(server), args[0], args[1], "-abort", id).exit(t)
			require.Equal(t, 0, status, text)
			server.Advance(time.Minute)
			status, text = start(t, token(server), args[0], args[1], "-resume", id).exit(t)
			require.Equal(t, 1, status, text)
			require.Contains(t, text, "aborted")
			require.Equal(t, 1, server.Placed())
			require.Equal(t, 1, server.Dialled())
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	server, args := newSpace(t, nil)
	secret := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(secret, []byte(server.Token+"\n"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	flow := []string{"-callflow", "c", "-guidance", "g"}
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		want int
		says string
	}{
		{"help", nil, []string{"-help"}, 0, "-callflow id"},
		{"token from a file", []string{"TOCSIN_PIGEON_TOKEN_FILE=" + secret}, args, 1, "unanswered"},
		{"everything from the environment", []string{
			"TOCSIN_PIGEON_TOKEN=" + server.Token, "TOCSIN_PIGEON_SPACE=" + args[1],
			"TOCSIN_PIGEON_CALLFLOW=" + pigeontest.CallFlowID, "TOCSIN_PIGEON_GUIDANCE=" + pigeontest.GuidanceID,
		}, []string{"-param", "text=x"}, 1, "unanswered"},
		{"no token", nil, args, 2, "set TOCSIN_PIGEON_TOKEN"},
		{"empty file", []string{"TOCSIN_PIGEON_TOKEN_FILE=" + empty}, args, 2, "TOCSIN_PIGEON_TOKEN_FILE: the file is empty"},
		{"no file", []string{"TOCSIN_PIGEON_TOKEN_FILE=/hush/hush"}, args, 2, "TOCSIN_PIGEON_TOKEN_FILE: no such file"},
		{"no password file", []string{"TOCSIN_PIGEON_TOKEN=t", "TOCSIN_PIGEON_PASSWORD_FILE=/hush"}, args, 2, "TOCSIN_PIGEON_PASSWORD_FILE: "},
		{"no space", token(server), flow, 2, "which space?"},
		{"bad space", token(server), append([]string{"-space", "a.b/hush"}, flow...), 2, "neither a space id"},
		{"http", token(server), append([]string{"-base-url", "http://192.0.2.1"}, flow...), 2, "AllowHTTP"},
		{"no guidance", token(server), []string{"-space", "shibuya", "-callflow", "c"}, 2, "-callflow and -guidance"},
		{"param", token(server), append([]string{"-param", "x"}, args...), 2, "want name=value"},
		{"keys", token(server), append([]string{"-take", "0"}, args...), 2, "keys from 1 to 9"},
		{"timeout", token(server), append([]string{"-timeout", "0s"}, args...), 2, "-timeout: want more than 0"},
		{"two things", token(server), append([]string{"-resume", "a", "-abort", "b"}, args...), 2, "exclude each other"},
		{"argument", token(server), append(slices.Clip(args), "hush"), 2, "1 argument(s) too many"},
		{"flag", token(server), []string{"-colour"}, 2, "see -help"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, text := start(t, tt.env, tt.args...).exit(t)
			require.Equal(t, tt.want, status, text)
			require.Contains(t, text, tt.says)
			require.NotContains(t, text, "hush")
			require.NotContains(t, text, server.Token)
		})
	}
}

// TestBasic sends user and password beside the token.
func TestBasic(t *testing.T) {
	t.Parallel()
	server, args := newSpace(t, func(s *pigeontest.Server) { s.User, s.Password = "hq", "secret-of-hq" })
	status, text := start(t, append(token(server), "TOCSIN_PIGEON_USER=hq", "TOCSIN_PIGEON_PASSWORD=secret-of-hq"), args...).exit(t)
	require.Equal(t, 1, status, text)
	require.Contains(t, text, "unanswered")
	status, text = start(t, append(token(server), "TOCSIN_PIGEON_USER=hq", "TOCSIN_PIGEON_PASSWORD=wrong-of-hq"), args...).exit(t)
	require.Equal(t, 1, status, text)
	require.Contains(t, text, "HTTP 401")
	require.NotContains(t, text, "of-hq")
}

// TestFilesAreShort keeps the example readable.
func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"main.go", "settings.go"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Less(t, bytes.Count(text, []byte("\n")), 200, name)
	}
}
