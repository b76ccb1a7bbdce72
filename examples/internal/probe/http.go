package probe

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/check"
	"github.com/tocsin-go/tocsin/internal/neterr"
)

// maxBody is how much of an answer is read, in bytes.
const maxBody = 64 << 10

// An HTTP is an address that must answer GET with a status of 200 to 299.
// Redirects are not followed, and a proxy of the environment is not used.
type HTTP struct {
	URL      string
	CertDays int         // warn so many days before the certificate ends; 0: never
	TLS      *tls.Config // nil: that of the system
}

// Validate refuses what is no address. Its errors do not quote it: it may hold
// a secret.
func (p HTTP) Validate() error {
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("want a URL that begins with http:// or https://")
	}
	return nil
}

// Check is the check of the address from a host. Path and query, which may hold
// secrets, are in no text; in the Key a digest tells addresses of one server
// apart.
func (p HTTP) Check(host string) check.Check {
	server := "?"
	if u, err := url.Parse(p.URL); err == nil {
		server = u.Scheme + "://" + u.Host
	}
	sum := sha256.Sum256([]byte(p.URL))
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: p.TLS},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return check.Check{
		Key: host + "/http:" + server + "#" + hex.EncodeToString(sum[:4]), Name: "HTTP", Instance: host, Resource: server,
		Look: func(ctx context.Context) check.Finding { return p.look(ctx, client, server) },
	}
}

// look makes one request.
func (p HTTP) look(ctx context.Context, client *http.Client, server string) check.Finding {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, http.NoBody)
	if err != nil {
		return check.Finding{Text: server + ": not a URL"}
	}
	r.Header.Set("User-Agent", "tocsin-agent")
	begin := time.Now()
	resp, err := client.Do(r)
	if err == nil {
		defer resp.Body.Close() //nolint:errcheck // opened for reading
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	}
	if err != nil {
		return failed(ctx, server, err)
	}
	f := check.Finding{Level: check.Good, Text: fmt.Sprintf("%s: HTTP %d after %v", server, resp.StatusCode, time.Since(begin).Round(time.Millisecond))}
	switch left := certificate(resp.TLS); {
	case resp.StatusCode/100 == 3:
		f.Level, f.Text = check.Critical, fmt.Sprintf("%s: HTTP %d, a redirect, which is not followed", server, resp.StatusCode)
	case resp.StatusCode/100 != 2:
		f.Level = check.Critical
	case left < time.Duration(p.CertDays)*24*time.Hour:
		f.Level, f.Text = check.Warning, fmt.Sprintf("%s: the certificate ends in %.1f days", server, left.Hours()/24)
	}
	return f
}

// certificate returns how long the certificate that a server showed is good.
func certificate(state *tls.ConnectionState) time.Duration {
	if state == nil || len(state.PeerCertificates) == 0 {
		return 1 << 62
	}
	return time.Until(state.PeerCertificates[0].NotAfter)
}

// failed judges a request without an answer: critical, unless it is our side
// that could not make it.
func failed(ctx context.Context, server string, err error) check.Finding {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	f := check.Finding{Level: check.Critical, Text: fmt.Sprintf("%s: %v", server, err)}
	switch {
	case neterr.Local(err):
		f.Level = check.Unknown
	case ctx.Err() != nil:
		f.Text = server + ": no answer in time"
	}
	return f
}
