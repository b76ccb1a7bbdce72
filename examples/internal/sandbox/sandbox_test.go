package sandbox_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/wecom"
)

// A program of one's own, with the settings that are printed, reaches every
// stand-in, and each shows what it received.
func TestOwnProgram(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	o, at := follow(t, s), s.Targets()
	w, err := wecom.New(at.Wecom, &wecom.Options{Mentions: []string{"zhang"}})
	require.NoError(t, err)
	d, err := dingtalk.New(at.DingTalk, &dingtalk.Options{Secret: at.DingTalkSecret, At: dingtalk.At{All: true}})
	require.NoError(t, err)
	trap, err := snmptrap.New([]string{at.Trap}, at.TrapCommunity, at.TrapBaseOID, &snmptrap.Options{Inform: &snmptrap.Inform{}})
	require.NoError(t, err)
	t.Cleanup(func() { trap.Close() })
	client, err := ocp.NewClient(at.OCP, ocp.Basic(at.OCPUser, at.OCPPassword), nil)
	require.NoError(t, err)
	push, err := ocp.NewSender(client, "mine", nil)
	require.NoError(t, err)
	err = alert.Fanout(w, d, trap, push).Send(t.Context(), alert.Alert{Source: "mine", Name: "disk full", Severity: alert.Major})
	require.NoError(t, err)

	message := o.see(t, "WeCom", func(v thing) bool { return v.Dest == "wecom" && v.Kind == "message" })
	require.Contains(t, string(message.Body), `{"t":"at","s":"@zhang"}`)
	message = o.see(t, "DingTalk", func(v thing) bool { return v.Dest == "dingtalk" && v.Kind == "message" })
	require.Contains(t, message.Title, "disk full")
	require.Contains(t, string(message.Body), `{"t":"at","s":"@所有人"}`)
	inform := o.see(t, "console", func(v thing) bool { return v.Dest == "trap" && v.Kind == "trap" })
	require.Equal(t, []string{"tocsinAlertFiring", "inform"}, inform.Meta[:2])
	require.Equal(t, "bad", inform.Tone)
	require.Equal(t, "major(4)", inform.Rows[8].V)
	alarm := o.see(t, "OCP", func(v thing) bool { return v.Dest == "ocp" && v.Kind == "alarm" })
	require.Equal(t, "mine", alarm.Title)
}

// What the vendors refuse is shown as they say it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	o, at := follow(t, s), s.Targets()
	require.Equal(t, 200, send(t, at.Wecom, map[string]any{"msgtype": "text", "text": map[string]string{"content": strings.Repeat("x", 3000)}}))
	v := o.see(t, "WeCom", func(v thing) bool { return v.Dest == "wecom" && v.Kind == "refusal" })
	require.Equal(t, "40058", v.Title)
	require.Contains(t, v.Meta[0], "exceed max length 2048")
	require.Equal(t, 200, send(t, at.DingTalk, map[string]any{"msgtype": "text", "text": map[string]string{"content": "x"}}))
	v = o.see(t, "DingTalk", func(v thing) bool { return v.Dest == "dingtalk" && v.Kind == "refusal" })
	require.Equal(t, "310000", v.Title, "no signature")
	require.Equal(t, 401, send(t, at.Pigeon+"/api/apps/pigeon/chain/invoke", map[string]any{}))
	v = o.see(t, "Pigeon", func(v thing) bool { return v.Dest == "pigeon" && v.Kind == "refusal" })
	require.Equal(t, "HTTP 401", v.Title)
	require.Equal(t, 401, send(t, at.OCP+"/api/v2/alarm/alarms", map[string]any{}))
	o.see(t, "OCP", func(v thing) bool { return v.Dest == "ocp" && v.Kind == "refusal" })
	send(t, at.ESB+"/api/c/compapi/v2/cmsi/send_voice_msg/", map[string]any{})
	v = o.see(t, "BlueKing", func(v thing) bool { return v.Dest == "voice" && v.Kind == "note" })
	require.Equal(t, "bad", v.Tone)
	require.Equal(t, "1306403", v.Meta[0])
	conn, err := net.Dial("udp", at.Trap)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("no trap"))
	require.NoError(t, err)
	o.see(t, "console", func(v thing) bool { return v.Dest == "trap" && v.Kind == "refusal" })
	other, err := snmptrap.New([]string{at.Trap}, "another", at.TrapBaseOID, nil)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, other.Send(t.Context(), alert.Alert{Name: "x"}))
	o.see(t, "community", func(v thing) bool {
		return v.Kind == "refusal" && strings.HasPrefix(strings.Join(v.Meta, ""), "community")
	})
}

// Who calls by Pigeon or BlueKing learns what the person at the page decided.
func TestDecisions(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	o, at := follow(t, s), s.Targets()
	decide := func(v thing, what string) int {
		return request(t, http.MethodPost, fmt.Sprintf("%scalls/%d/%s", at.Page, v.ID, what), nil).status
	}
	client, err := pigeon.New(at.Pigeon, at.PigeonToken, nil)
	require.NoError(t, err)
	chain, err := client.Invoke(t.Context(), pigeon.Request{CallFlowID: at.PigeonCallFlowID, GuidanceID: at.PigeonGuidanceID, Parameters: map[string]string{"text": "磁盘满"}})
	require.NoError(t, err)
	v := o.call(t, "pigeon", "ringing")
	require.Equal(t, "磁盘满", v.Call.Text)
	require.Equal(t, 204, decide(v, "key?key=2"))
	first := o.call(t, "pigeon", "pressed")
	require.Equal(t, "2", first.Call.Key)
	require.Equal(t, 409, decide(first, "answer"), "it is over")
	second := o.call(t, "pigeon", "ringing")
	require.Equal(t, "on-call 2", second.Call.Who)
	require.Equal(t, 204, decide(second, "answer"))
	require.Equal(t, 204, decide(o.call(t, "pigeon", "talking"), "key?key=9"))
	require.Equal(t, 204, decide(o.call(t, "pigeon", "talking"), "key?key=1"), "9 means nothing, and it goes on")
	result, err := client.Wait(t.Context(), chain.ResultID, nil)
	require.NoError(t, err)
	require.Equal(t, pigeon.Acknowledged, result.Outcome(nil).Verdict)

	for decision, state := range map[string]string{"key?key=4": "pressed", "miss": "missed"} {
		blueking, err := voice.NewClient(at.ESB, voice.Credentials{AppCode: at.ESBAppCode, AppSecret: at.ESBAppSecret}, nil)
		require.NoError(t, err)
		reports := make(chan voice.Report, 1)
		go func() {
			r, _ := blueking.Call(t.Context(), voice.Request{Text: "hello", Callees: []voice.Callee{{User: "alice", Number: voice.NewNumber("13800000009")}}})
			reports <- r
		}()
		v = o.call(t, "voice", "ringing")
		require.Equal(t, "13800000009", v.Call.Number)
		require.Equal(t, 204, decide(v, decision))
		require.Equal(t, state == "pressed", (<-reports).Err() == nil)
		o.call(t, "voice", state)
	}
	for _, bad := range []string{"key", "key?key=10", "key?key=x", "answer?key=1", "shout"} {
		require.Equal(t, 404, decide(second, bad), bad)
	}
	require.Equal(t, 404, request(t, http.MethodPost, at.Page+"calls/x/answer", nil).status)
	require.Equal(t, 409, request(t, http.MethodPost, at.Page+"calls/999999/answer", nil).status)
}

func TestGuard(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	page := s.Targets().Page
	_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/"))
	require.NoError(t, err)
	for host, want := range map[string]int{
		"localhost:" + port: 200, "127.0.0.1": 200, "[::1]:" + port: 200, "127.9.9.9": 200,
		"evil.example": 421, "evil.example:" + port: 421, "localhost.evil.example": 421, "192.0.2.1": 421, "127.0.0.1.evil.example": 421,
	} {
		require.Equal(t, want, request(t, http.MethodGet, page, nil, "Host", host).status, host)
		require.Equal(t, want == 200, request(t, http.MethodPost, s.Targets().Wecom, []byte("{}"), "Host", host).status == 200, host)
	}
	for _, path := range []string{"do/hostile", "calls/1/answer", "cgi-bin/webhook/send?key=sandbox", "aliyun/sandbox-sandbox-sandbox"} {
		require.Equal(t, 403, request(t, http.MethodPost, page+path, nil, "Sec-Fetch-Site", "cross-site").status, path)
		require.Equal(t, 403, request(t, http.MethodPost, page+path, nil, "Origin", "http://evil.example").status, path)
	}
	require.Equal(t, 405, request(t, http.MethodGet, page+"do/event", nil).status)
	require.Equal(t, 404, request(t, http.MethodPost, page+"do/nothing", nil).status)
	require.Equal(t, 204, request(t, http.MethodPost, page+"do/event", nil, "Sec-Fetch-Site", "same-origin").status)
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	page := s.Targets().Page
	for _, tt := range []struct{ query, accept, lang string }{
		{"", "", "zh-CN"}, {"", "fr-FR, ja;q=0.5, en;q=0.1", "ja"}, {"", "en-GB", "en"}, {"", "fr", "zh-CN"},
		{"?lang=en", "ja", "en"}, {"?lang=%22%3E%3Cscript%3E", "ja", "ja"},
	} {
		resp := request(t, http.MethodGet, page+tt.query, nil, "Accept-Language", tt.accept)
		require.Contains(t, resp.text, `<html lang="`+tt.lang+`">`, tt)
		require.NotContains(t, resp.text, "<no value>")
		require.NotContains(t, resp.text, "><script>")
		for _, setting := range s.Targets().Settings() {
			require.Contains(t, strings.ReplaceAll(resp.text, "&#43;", "+"), setting.Value)
		}
	}
	for _, path := range []string{"", "page.css", "page.js", "icon.svg"} {
		resp := request(t, http.MethodGet, page+path, nil)
		require.Equal(t, 200, resp.status)
		policy := resp.header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "nosniff", resp.header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", resp.header.Get("Referrer-Policy"))
	}
	require.Equal(t, 404, request(t, http.MethodGet, page+"page.html", nil).status)
}

// The end does not wait for phones that ring and pages that look on, and gives
// the ports back.
func TestClose(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(t.Context(), nil)
	require.NoError(t, err)
	o := follow(t, s)
	require.Equal(t, 204, request(t, http.MethodPost, s.Targets().Page+"do/critical", nil).status)
	for _, dest := range []string{"pigeon", "voice", "autocall"} {
		o.call(t, dest, "ringing")
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "as often as one likes")
	listen := strings.TrimSuffix(strings.TrimPrefix(s.Targets().Page, "http://"), "/")
	again, err := sandbox.Start(t.Context(), &sandbox.Options{Listen: listen, TrapListen: s.Targets().Trap})
	require.NoError(t, err)
	require.Equal(t, s.Targets(), again.Targets(), "settings may be kept")
	_, err = sandbox.Start(t.Context(), &sandbox.Options{Listen: listen})
	require.ErrorContains(t, err, "sandbox: listen tcp")
	_, err = sandbox.Start(t.Context(), &sandbox.Options{TrapListen: again.Targets().Trap})
	require.ErrorContains(t, err, "sandbox: snmptraptest: listen udp")
	require.NoError(t, again.Close())
}

// Who learns the URL late says so late, and may say so while buttons are pressed.
func TestPostTo(t *testing.T) {
	t.Parallel()
	other, s := start(t, nil), start(t, nil)
	o, own := follow(t, other), s.Targets().Callback
	require.NotEqual(t, other.Targets().Callback, own)
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.PostTo(other.Targets().Callback)
	}()
	for range 3 {
		require.Equal(t, 204, request(t, http.MethodPost, s.Targets().Page+"do/event", nil).status)
	}
	<-told
	want := s.Targets()
	require.Equal(t, want.Callback, other.Targets().Callback)
	require.Equal(t, want.Callback, want.Settings()[0].Value)
	page := request(t, http.MethodGet, want.Page, nil).text
	require.Contains(t, page, want.Callback)
	require.NotContains(t, page, own)
	require.Equal(t, 204, request(t, http.MethodPost, want.Page+"do/event", nil).status)
	o.see(t, "a message in the other one", func(v thing) bool { return v.Dest == "wecom" })
}

// The buttons post where they are told to.
func TestCallbackElsewhere(t *testing.T) {
	t.Parallel()
	other := start(t, nil)
	s := start(t, &sandbox.Options{Callback: other.Targets().Callback})
	o := follow(t, other)
	require.Equal(t, 204, request(t, http.MethodPost, s.Targets().Page+"do/event", nil).status)
	o.see(t, "a message in the other one", func(v thing) bool { return v.Dest == "wecom" })
	s = start(t, &sandbox.Options{Callback: "http://127.0.0.1:1/secret"})
	resp := request(t, http.MethodPost, s.Targets().Page+"do/event", nil)
	require.Equal(t, 502, resp.status)
	require.NotContains(t, resp.text, "secret")
}
