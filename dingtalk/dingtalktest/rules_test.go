package dingtalktest_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// TestResponses provokes every answer that a fixture holds, by breaking the
// rule behind it where there is one, and by script.
func TestResponses(t *testing.T) {
	t.Parallel()
	scripted := func(f dingtalktest.Failure) func(*testing.T, *dingtalktest.Server) string {
		return func(t *testing.T, s *dingtalktest.Server) string {
			s.Fail(f)
			return post(t, s.Client(), s.URL(), text("x"))
		}
	}
	posted := func(body string) func(*testing.T, *dingtalktest.Server) string {
		return func(t *testing.T, s *dingtalktest.Server) string { return post(t, s.Client(), s.URL(), body) }
	}
	tooLong := posted(text(strings.Repeat("x", 20000)))
	unsigned := func(t *testing.T, s *dingtalktest.Server) string {
		s.Secret = "SEC1"
		return post(t, s.Client(), signed(s.URL(), time.Now(), "x"), text("x"))
	}
	late := func(t *testing.T, s *dingtalktest.Server) string {
		s.Secret = "SEC1"
		return post(t, s.Client(), signed(s.URL(), time.Now().Add(-time.Hour-time.Minute), "x"), text("x"))
	}
	errcode := dingtalktest.Errcode
	tests := map[string][]func(*testing.T, *dingtalktest.Server) string{
		"ok":                             {posted(text("x")), scripted(errcode(0))},
		"err_minus1_busy":                {scripted(errcode(-1))},
		"err_130101_rate":                {scripted(errcode(130101)), rateBroken},
		"err_130101_rate_x5":             {scripted(dingtalktest.Deny(5))},
		"err_410100_rate":                {scripted(errcode(410100))},
		"err_90030_over_limit":           {scripted(errcode(90030))},
		"err_310000_keyword_legacy":      {keywordMissing},
		"err_310000_sign":                {unsigned, scripted(errcode(310000))},
		"err_310000_timestamp":           {late},
		"err_310000_ip_legacy":           {addressUnlisted},
		"err_300001_token":               {scripted(errcode(300001))},
		"err_300005_token":               {scripted(errcode(300005)), tokenUnknown},
		"err_40035_missing_json":         {posted(`{`), scripted(errcode(40035))},
		"err_40035_missing_access_token": {tokenMissing},
		"err_43002_need_post":            {getUsed, scripted(errcode(43002))},
		"err_43004_content_type":         {formUsed, scripted(errcode(43004))},
		"err_400013_group_disbanded":     {scripted(errcode(400013))},
		"err_400101_token":               {scripted(errcode(400101))},
		"err_400102_robot_stopped":       {scripted(errcode(400102))},
		"err_400105_msgtype":             {posted(`{"msgtype":"image"}`), scripted(errcode(400105))},
		"err_400106_robot_missing":       {scripted(errcode(400106))},
		"err_400402_missing_title":       {posted(`{"msgtype":"markdown","markdown":{"text":"x"}}`), scripted(errcode(400402))},
		"err_460101_too_long":            {tooLong, scripted(errcode(460101))},
		"err_101002_too_long_legacy":     {scripted(errcode(101002))},
		"err_430101_unsafe_link":         {scripted(errcode(430101))},
		"err_430102_text":                {scripted(errcode(430102))},
		"err_430103_image":               {scripted(errcode(430103))},
		"err_430104_content":             {scripted(errcode(430104))},
	}
	for name, ways := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, provoke := range ways {
				server := dingtalktest.NewServer(t)
				require.JSONEq(t, fixture(t, "resp_"+name+".json"), provoke(t, server))
			}
		})
	}
}

func rateBroken(t *testing.T, s *dingtalktest.Server) string {
	s.Rate = 1
	require.JSONEq(t, okAnswer, post(t, s.Client(), s.URL(), text("x")))
	return post(t, s.Client(), s.URL(), text("x"))
}

func keywordMissing(t *testing.T, s *dingtalktest.Server) string {
	s.Keywords = []string{"alert"}
	return post(t, s.Client(), s.URL(), text("x"))
}

func addressUnlisted(t *testing.T, s *dingtalktest.Server) string {
	s.Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	return post(t, s.Client(), s.URL(), text("x"))
}

func tokenUnknown(t *testing.T, s *dingtalktest.Server) string {
	return post(t, s.Client(), s.URL()+"x", text("x"))
}

func tokenMissing(t *testing.T, s *dingtalktest.Server) string {
	webhook, _, _ := strings.Cut(s.URL(), "?")
	require.JSONEq(t, fixture(t, "resp_err_40035_missing_access_token.json"), post(t, s.Client(), webhook, text("x")))
	return post(t, s.Client(), webhook+"?access_token=", text("x"))
}

func getUsed(t *testing.T, s *dingtalktest.Server) string {
	resp, err := s.Client().Get(s.URL())
	require.NoError(t, err)
	return read(t, resp)
}

func formUsed(t *testing.T, s *dingtalktest.Server) string {
	resp, err := s.Client().PostForm(s.URL(), url.Values{"msgtype": {"text"}})
	require.NoError(t, err)
	return read(t, resp)
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]int{
		"application/json":                  0,
		"application/json; charset=utf-8":   0,
		"Application/JSON;charset=UTF-8":    0,
		"application/json; charset=gbk":     43004,
		"text/plain":                        43004,
		"application/x-www-form-urlencoded": 43004,
		"":                                  43004,
		";":                                 43004,
	} {
		server := dingtalktest.NewServer(t)
		resp, err := server.Client().Post(server.URL(), header, strings.NewReader(text("x")))
		require.NoError(t, err)
		require.Equal(t, want, code(t, read(t, resp)), header)
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	resp, err := server.Client().Post(strings.Replace(server.URL(), "/send", "/sent", 1), "application/json", strings.NewReader(text("x")))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Len(t, server.Token, 64)
	require.NotEqual(t, server.Token, dingtalktest.NewServer(t).Token)
	require.Empty(t, server.Messages())
}

// TestNetworks shows that the address of the socket counts.
func TestNetworks(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	server.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.10/32"), netip.MustParsePrefix("127.0.0.0/8")}
	both(t, server, func(t *testing.T, client *http.Client, url string) {
		t.Helper()
		require.JSONEq(t, okAnswer, post(t, client, url, text("x")))
	})
	server = dingtalktest.NewServer(t)
	server.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.11/32")}
	require.Contains(t, post(t, &http.Client{}, server.Listen(t), text("x")), "ip 127.0.0.1 not in whitelist")
}

// TestKeywords shows where a keyword counts.
func TestKeywords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		text("an alert"): 0,
		text("告警"):       0,
		text("ALERT"):    310000,
		`{"msgtype":"markdown","markdown":{"title":"alert","text":"x"}}`:                                                0,
		`{"msgtype":"markdown","markdown":{"title":"x","text":"alert"}}`:                                                0,
		`{"msgtype":"link","link":{"title":"alert","text":"x","messageUrl":"u"}}`:                                       0,
		`{"msgtype":"link","link":{"title":"x","text":"x","messageUrl":"alert"}}`:                                       310000,
		`{"msgtype":"actionCard","actionCard":{"title":"x","text":"alert","singleTitle":"x","singleURL":"u"}}`:          0,
		`{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","singleTitle":"alert","singleURL":"u"}}`:          310000,
		`{"msgtype":"feedCard","feedCard":{"links":[{"title":"alert","messageURL":"u","picURL":"p"}]}}`:                 0,
		`{"msgtype":"feedCard","feedCard":{"title":"alert","links":[{"title":"x","messageURL":"alert","picURL":"p"}]}}`: 310000,
		`{"msgtype":"text","text":{"content":"x","title":"alert"}}`:                                                     310000,
	} {
		server := dingtalktest.NewServer(t)
		server.Keywords = []string{"alert", "告警"}
		require.Equal(t, want, code(t, post(t, server.Client(), server.URL(), body)), body)
		require.Equal(t, want == 0, len(server.Messages()) == 1)
	}
}

// TestRate shows the window of 60 s and the ten minutes after its breach.
func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := dingtalktest.NewServer(t)
		send := func() int { return code(t, post(t, server.Client(), server.URL(), text("x"))) }
		for range 20 {
			require.Zero(t, send())
			<-time.After(time.Second)
		}
		<-time.After(40 * time.Second) // the first one leaves the window
		require.Zero(t, send())
		require.Equal(t, 130101, send())
		<-time.After(9*time.Minute + 59*time.Second)
		require.Equal(t, 130101, send()) // and does not begin the penalty anew
		<-time.After(time.Second)
		for range 20 {
			require.Zero(t, send())
		}
		require.Len(t, server.Messages(), 41)
	})
}

// TestRateIsShared shows that requests at the same time share the rate.
func TestRateIsShared(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	both(t, server, func(t *testing.T, client *http.Client, url string) {
		t.Helper()
		var wg sync.WaitGroup
		for range 15 {
			wg.Go(func() {
				resp, err := client.Post(url, "application/json", strings.NewReader(text("x")))
				if err == nil {
					err = resp.Body.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
	require.Equal(t, 30, server.Attempts())
	require.Len(t, server.Messages(), 20)
}

func TestNoRate(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	server.Rate = 0
	for range 100 {
		require.JSONEq(t, okAnswer, post(t, server.Client(), server.URL(), text("x")))
	}
}

// TestMsgUuid shows that a repeated message is answered but not posted, nor
// counted against the rate.
func TestMsgUuid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := dingtalktest.NewServer(t)
		server.Rate = 2
		send := func(uuid string) int {
			return code(t, post(t, server.Client(), server.URL(), `{"msgtype":"text","text":{"content":"x"},"msgUuid":"`+uuid+`"}`))
		}
		for range 5 {
			require.Zero(t, send("a"))
		}
		require.Len(t, server.Messages(), 1)
		require.Equal(t, 5, server.Attempts())
		require.Zero(t, send("b"))
		require.Equal(t, "b", server.Messages()[1].UUID)
		require.Equal(t, 130101, send("c"))
		require.Equal(t, 130101, send("a")) // blocked is blocked
		<-time.After(10 * time.Minute)
		require.Zero(t, send("c")) // was refused, hence not remembered
		require.Zero(t, send("a")) // is forgotten by now
		require.Len(t, server.Messages(), 4)
	})
}
