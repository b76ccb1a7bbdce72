package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser keeps a cookie and sends what a form sends.
type browser struct {
	*server

	cookie string
}

func (b *browser) get(t *testing.T, path string) answer {
	t.Helper()
	return b.do(t, http.MethodGet, path, "", map[string]string{"Cookie": b.cookie})
}

func (b *browser) send(t *testing.T, path string, form url.Values, header ...string) answer {
	t.Helper()
	h := map[string]string{
		"Cookie": b.cookie, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
	}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return b.do(t, http.MethodPost, path, form.Encode(), h)
}

// signIn signs in and returns the token of the session's forms.
func signIn(t *testing.T, s *server) (b *browser, formToken string) {
	t.Helper()
	b = &browser{server: s}
	a := b.send(t, "/admin/login", url.Values{"token": {adminToken}, "name": {" Fang\n<b>"}})
	require.Equal(t, 303, a.status, a.text)
	set := a.header.Get("Set-Cookie")
	require.Contains(t, set, "; Path=/admin; ")
	require.Contains(t, set, "; HttpOnly; SameSite=Strict")
	require.NotContains(t, set, adminToken)
	b.cookie, _, _ = strings.Cut(set, ";")
	found := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(b.get(t, "/admin").text)
	require.NotNil(t, found)
	return b, found[1]
}

func TestPageShowsCallsAndPhones(t *testing.T) {
	t.Parallel()
	s := launch(t)
	id := s.post(t, `{"people":[{"name":"<b>Fang</b>","phone":"`+numberA+`"}],"message":"<script>alert(1)</script>\u202e `+numberA+`","severity":"critical"}`)
	s.do(t, http.MethodGet, "/phone/"+phoneToken+"/alert/phone", "", map[string]string{"model": `"><img src=x>`})
	b, _ := signIn(t, s)
	for path, wants := range map[string][]string{
		"/admin":             {"<title>Calls and phones", "rack", "ringing", "&lt;script&gt;alert(1)", "&lt;b&gt;Fang", "187******01", `http-equiv="refresh" content="10"`},
		"/admin?refresh=off": {"Does not refresh", "ringing"},
		"/admin/calls/" + id: {"<title>Call", "handed out", "187******01", "Cancel"},
	} {
		a := b.get(t, path)
		require.Equal(t, 200, a.status)
		for _, want := range wants {
			require.Contains(t, a.text, want, path)
		}
		for _, never := range []string{numberA, "<script", "<img", "<b>", "\u202e", adminToken, phoneToken, "http://", "https://"} {
			require.NotContains(t, a.text, never, path)
		}
		require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			a.header.Get("Content-Security-Policy"))
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	}
	require.NotContains(t, b.get(t, "/admin?refresh=off").text, "http-equiv")
	require.Equal(t, 404, b.get(t, "/admin/calls/none").status)
	require.Equal(t, "text/css; charset=utf-8", b.get(t, "/admin/style.css").header.Get("Content-Type"))
}

func TestPageWantsTheToken(t *testing.T) {
	t.Parallel()
	s := launch(t)
	id := s.post(t, `{"phones":["`+numberA+`"],"message":"disk full"}`)
	b, form := signIn(t, s)
	good := b.cookie
	name, value, _ := strings.Cut(good, "=")
	_, proof, _ := strings.Cut(value, ".")
	for _, forged := range []string{"", name + "=", name + "=x", name + "=9999999999." + proof, name + "=" + adminToken, good + "x"} {
		b.cookie = forged
		require.NotContains(t, b.get(t, "/admin").text, "disk full", forged)
		require.Equal(t, 303, b.get(t, "/admin/calls/"+id).status, forged)
		require.Equal(t, 403, b.send(t, "/admin/calls/"+id+"/cancel", url.Values{"form": {form}}).status, forged)
	}
	require.Equal(t, 403, b.send(t, "/admin/login", url.Values{"token": {"wrong"}}).status)
	require.Equal(t, 403, b.send(t, "/admin/login", nil).status)
	require.Equal(t, 403, b.send(t, "/admin/login", url.Values{"token": {adminToken}}, "Sec-Fetch-Site", "cross-site").status)
	require.Equal(t, 403, b.send(t, "/admin/login?token="+adminToken, nil).status, "no token in a URL")
	require.Equal(t, "queued", s.api(t, http.MethodGet, "/calls/"+id, "").object(t)["state"])
	require.Equal(t, 401, s.do(t, http.MethodGet, "/calls", "", map[string]string{"Cookie": good}).status, "the API knows no cookie")
	require.NotContains(t, s.Printed(), adminToken)
}

func TestCancelOnThePage(t *testing.T) {
	t.Parallel()
	s := launch(t)
	id := s.post(t, `{"phones":["`+numberA+`"]}`)
	b, form := signIn(t, s)
	path := "/admin/calls/" + id + "/cancel"
	require.Equal(t, 403, b.send(t, path, nil).status, "no form token")
	require.Equal(t, 403, b.send(t, path, url.Values{"form": {form + "x"}}).status)
	require.Equal(t, 403, b.send(t, path, url.Values{"form": {form}}, "Sec-Fetch-Site", "cross-site").status)
	require.Equal(t, 403, b.send(t, path, url.Values{"form": {form}}, "Sec-Fetch-Site", "", "Origin", "http://evil.example").status)
	require.Equal(t, "queued", s.api(t, http.MethodGet, "/calls/"+id, "").object(t)["state"])
	a := b.send(t, path, url.Values{"form": {form}})
	require.Equal(t, 303, a.status)
	require.Equal(t, "/admin/calls/"+id, a.header.Get("Location"))
	require.Contains(t, b.get(t, "/admin/calls/"+id).text, "on the page by Fang &lt;b&gt;, 127.0.0.1")
	require.NotContains(t, b.get(t, "/admin").text, "/cancel", "a call that has ended cannot be cancelled")
	a = b.send(t, "/admin/logout", url.Values{"form": {form}})
	require.Contains(t, a.header.Get("Set-Cookie"), "Max-Age=0")
	require.NotContains(t, b.get(t, "/admin").text, "Calls and phones", "a cookie that was kept")
	require.Equal(t, 403, b.send(t, "/admin/logout", url.Values{"form": {form}}).status)
}
