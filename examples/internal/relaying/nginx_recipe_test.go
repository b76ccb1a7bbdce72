//go:build linux

package relaying

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const proxyPage = "../../../docs/proxies.md"

// nginxMain is what stands around the recipe on a Debian system, but for the level
// of the error log, at which more is said than usual.
const nginxMain = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log DIR/error.log info;
events {}
http {
    access_log DIR/access.log;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    include DIR/tocsin.conf;
}
`

// A front is a real nginx in front of a relay.
type front struct {
	dir, addr string
	roots     *x509.CertPool
}

// newFront starts nginx with the page's configuration, of which only addresses and
// paths are replaced, and the lines without are left out.
func newFront(t *testing.T, relay string, without *regexp.Regexp) *front {
	t.Helper()
	nginx := clitest.RealPart(t, "nginx")
	cert, key, roots := clitest.Certificate(t)
	f := &front{dir: t.TempDir(), addr: freeTCP(t), roots: roots}
	conf := strings.NewReplacer(
		"listen 443 ", "listen "+f.addr+" ", "127.0.0.1:8080", relay, "/var/log/nginx", f.dir,
		"/etc/nginx/tocsin/cert.pem", cert, "/etc/nginx/tocsin/key.pem", key,
	).Replace(recipe(t, proxyPage, "nginx"))
	for _, put := range []string{f.addr, relay, f.dir, cert, key} {
		require.Contains(t, conf, put)
	}
	if without != nil {
		conf = without.ReplaceAllString(conf, "")
	}
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, "tocsin.conf"), []byte(conf), 0o600))
	main := filepath.Join(f.dir, "nginx.conf")
	require.NoError(t, os.WriteFile(main, []byte(strings.ReplaceAll(nginxMain, "DIR", f.dir)), 0o600))
	said := clitest.NewTranscript()
	cmd := exec.CommandContext(t.Context(), nginx, "-p", f.dir, "-c", main)
	cmd.Stdout, cmd.Stderr = said, said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, clitest.Patience, 5*time.Millisecond, "nginx does not listen: %s", said)
	return f
}

// freeTCP returns a loopback address that nobody uses at the moment.
func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// post sends a request from an address of the loopback and returns the status.
func (f *front) post(t *testing.T, from, method, path, body string, header ...string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+f.addr+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: f.roots}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// leaks returns the files of nginx, but for its configuration, that hold a text.
func (f *front) leaks(t *testing.T, text string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".conf") {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			names = append(names, d.Name())
		}
		return err
	}))
	return names
}

// refusals are requests that nginx refuses at every stage: by length before it
// knows the name of the server, by path, by size, and as no HTTP.
func (f *front) refusals(t *testing.T) {
	t.Helper()
	path := "/aliyun/" + testSecret
	require.Equal(t, 414, f.post(t, "127.0.0.1", "GET", path+"?data="+strings.Repeat("a", 70<<10), ""))
	require.Equal(t, 400, f.post(t, "127.0.0.1", "POST", path, "", "X-Long", strings.Repeat("a", 70<<10)))
	require.Equal(t, 404, f.post(t, "127.0.0.1", "POST", "/alyun/"+testSecret, ""))
	require.Equal(t, 413, f.post(t, "127.0.0.1", "POST", path, strings.Repeat("a", 2<<20+1)))
	for _, request := range []string{"POST " + path + "%zz HTTP/1.1\r\n\r\n", "POST " + path + " HTTP/1.1\r\n\r\n", "POST " + path} {
		c, err := tls.Dial("tcp", f.addr, &tls.Config{RootCAs: f.roots})
		require.NoError(t, err)
		_, err = c.Write([]byte(request))
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		_, _ = c.Read(make([]byte, 512)) // nginx has seen it, whatever it answers
		require.NoError(t, c.Close())
	}
}

// The page's configuration in a real nginx, in front of a relay: callbacks pass,
// also long ones by GET and those whose slashes were doubled; the relay knows who
// called; and the secret is in no file of nginx, also when the relay is away.
func TestNginxRecipe(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-wecom-rate", "0", "-callback-secret", testSecret, "-trusted-proxy", "127.0.0.1", "-allow-cidr", "127.0.0.2")
	f := newFront(t, p.addr, nil)
	path := "/aliyun/" + testSecret

	require.Equal(t, 200, f.post(t, "127.0.0.2", "POST", path, fixture(t, "event-waf-attack-shop.json")))
	require.Contains(t, group.next(t), "epa-shop-ecs")
	p.errout.Await(t, `alert accepted.* caller=127\.0\.0\.2 `)
	require.Equal(t, 200, f.post(t, "127.0.0.2", "POST", "//aliyun//"+testSecret+"/", fixture(t, "event-waf-attack-pay.json")))
	require.Contains(t, group.next(t), "epa-pay-ecs")
	require.Equal(t, 200, f.post(t, "127.0.0.2", "POST", "/aliyun", "", "Authorization", "Bearer "+testSecret))
	require.Equal(t, 200, f.post(t, "127.0.0.2", "GET", path+"?"+strings.Repeat("a", 30<<10)+"=1", ""))

	require.Equal(t, 403, f.post(t, "127.0.0.3", "POST", path, string(sample())))
	require.Equal(t, 403, f.post(t, "127.0.0.3", "POST", path, string(sample()), "X-Forwarded-For", "127.0.0.2"), "a claim of the caller itself")
	p.errout.Await(t, `caller not allowed" caller=127\.0\.0\.3`)
	require.Equal(t, 200, f.post(t, "127.0.0.2", "POST", path, strings.Repeat("a", aliyun.MaxBody+1)), "too long, of which the group hears")
	require.Contains(t, group.next(t), "告警通知")
	f.refusals(t)

	require.Equal(t, 0, p.stop(t))
	require.Equal(t, 502, f.post(t, "127.0.0.2", "POST", path, string(sample())), "CloudMonitor calls again")
	for _, line := range []string{"POST 200 request=\\d+ upstream=200", "POST 502 request=\\d+ upstream=502"} {
		require.Eventually(t, func() bool { // it is written after the answer
			log, err := os.ReadFile(filepath.Join(f.dir, "tocsin.log"))
			return err == nil && regexp.MustCompile(`(?m)^127\.0\.0\.2 \[\S+\] `+line+` time=[\d.]+$`).Match(log)
		}, clitest.Patience, 5*time.Millisecond, line)
	}
	require.Empty(t, f.leaks(t, "hush"))
	require.Empty(t, group.messages)
}

// Without the page's two lines about logs, nginx writes the secret into both.
func TestNginxLeaksByDefault(t *testing.T) {
	t.Parallel()
	f := newFront(t, freeTCP(t), regexp.MustCompile(`(?m)^ *(access|error)_log .*\n`))
	require.Equal(t, 502, f.post(t, "127.0.0.1", "POST", "/aliyun/"+testSecret, string(sample())))
	f.refusals(t)
	require.Eventually(t, func() bool {
		return slices.Equal([]string{"access.log", "error.log"}, f.leaks(t, "hush"))
	}, clitest.Patience, 5*time.Millisecond)
}
