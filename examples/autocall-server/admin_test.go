package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// With a port of its own nobody reaches the admin API and the page where the phones poll,
// nor the phones' URL there.
func TestAdminListen(t *testing.T) {
	t.Parallel()
	s := launch(t, "-admin-listen", "127.0.0.1:0")
	admin := &server{Process: s.Process, addr: s.Errout.Await(t, `msg=listening addr=\S+ admin=(\S+)`)}
	require.NotEqual(t, s.addr, admin.addr)
	for _, path := range []string{"/admin", "/calls", "/phones", "/admin/style.css"} {
		require.Equal(t, 404, s.api(t, http.MethodGet, path, "").status, path)
	}
	require.Equal(t, 404, s.api(t, http.MethodPost, "/admin/login", "token="+adminToken).status)
	require.Equal(t, 404, s.api(t, http.MethodPost, "/calls", `{"phones":["`+numberA+`"]}`).status)
	polled := "/phone/" + phoneToken + "/alert/phone"
	require.Equal(t, 404, admin.do(t, http.MethodGet, polled, "", nil).status)
	require.Equal(t, 200, s.do(t, http.MethodGet, polled, "", nil).status)
	admin.post(t, `{"phones":["`+numberA+`"]}`)
	signIn(t, admin)
	for _, at := range []*server{s, admin} {
		require.Equal(t, 200, at.do(t, http.MethodGet, "/healthz", "", nil).status)
	}
	require.Contains(t, s.Out.String(), "Page for people: http://"+admin.addr)
	require.Zero(t, s.Stop(t, os.Interrupt))
}

// A wrong token is told in the log, and a call that is cancelled by the API says from
// where.
func TestAdminAudit(t *testing.T) {
	t.Parallel()
	cert, key, roots := clitest.Certificate(t)
	s := launch(t, "-tls-cert", cert, "-tls-key", key, "-trusted-proxy", "127.0.0.1")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	t.Cleanup(client.CloseIdleConnections)
	do := func(method, path, token string, body string) answer {
		return s.through(t, client, method, "https://"+s.addr+path, body, map[string]string{"Authorization": "Bearer " + token, "X-Forwarded-For": "192.0.2.7"})
	}
	require.Equal(t, 401, do(http.MethodGet, "/calls", "wrong-token-hush-hush", "").status)
	s.Errout.Await(t, `(admin token refused: it is wrong" caller=192\.0\.2\.7)`)
	id, _ := do(http.MethodPost, "/calls", adminToken, `{"phones":["`+numberA+`"]}`).object(t)["id"].(string)
	require.Equal(t, 200, do(http.MethodDelete, "/calls/"+id, adminToken, "").status)
	require.Contains(t, do(http.MethodGet, "/calls/"+id, adminToken, "").text, "by the admin API from 192.0.2.7")
	require.NotContains(t, s.Printed(), "hush")
}
