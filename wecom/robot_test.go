package wecom_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

const testKey = "11111111-2222-4333-8444-555555555555"

func TestNew(t *testing.T) {
	t.Parallel()
	const hook = "/cgi-bin/webhook/send?key=" + testKey
	tests := []struct {
		name, address string
		opts          wecom.Options
		want          string // what the robot prints as
		refused       string // a part of the error
	}{
		{name: "bare key", address: testKey, want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "key with line feed of a file", address: testKey + "\n", want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "vendor URL", address: "https://qyapi.weixin.qq.com" + hook, want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "gateway with prefix", address: "https://gw.example.com:8443/wecom" + hook, want: "wecom.Robot(gw.example.com:8443)"},
		{name: "stand-in over http", address: "http://127.0.0.1:8080" + hook, want: "wecom.Robot(127.0.0.1:8080)"},
		{name: "gateway with a path of its own", address: "http://gw.example.com/robots/ops?key=" + testKey, want: "wecom.Robot(gw.example.com)"},
		{name: "base", address: testKey, opts: wecom.Options{BaseURL: "http://gw.example.com/x/"}, want: "wecom.Robot(gw.example.com)"},

		{name: "empty", address: " ", refused: "empty"},
		{name: "doubled prefix", address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=https://qyapi.weixin.qq.com" + hook, refused: "holds another URL"},
		{name: "pair instead of key", address: "key=" + testKey, refused: "neither a bare key nor a webhook URL"},
		{name: "no scheme", address: "qyapi.weixin.qq.com" + hook, refused: "begins with https://"},
		{name: "upload", address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/upload_media?key=" + testKey + "&type=file", refused: "upload address"},
		{name: "other path", address: "https://qyapi.weixin.qq.com/cgi-bin/message/send?key=" + testKey, refused: "is /cgi-bin/webhook/send"},
		{name: "no key", address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", refused: "no key"},
		{name: "empty key", address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", refused: "no key"},
		{name: "two keys", address: "https://qyapi.weixin.qq.com" + hook + "&key=" + testKey, refused: "one parameter"},
		{name: "debug", address: "https://qyapi.weixin.qq.com" + hook + "&debug=1", refused: "one parameter"},
		{name: "bad escape", address: "https://qyapi.weixin.qq.com" + hook + "%zz", refused: "one parameter"},
		{name: "blank inside", address: testKey + " " + testKey, refused: "blanks"},
		{name: "control character", address: testKey + "\x00", refused: "control characters"},
		{name: "not UTF-8", address: testKey + "\xff", refused: "UTF-8"},
		{name: "letters", address: testKey + "告警", refused: "letters, digits"},
		{name: "endless key", address: strings.Repeat(testKey, 9), refused: "too long"},
		{name: "plain http to the vendor", address: "http://qyapi.weixin.qq.com" + hook, refused: "https://"},
		{name: "plain http to the vendor spelled otherwise", address: "http://QYAPI.weixin.qq.com." + hook, refused: "https://"},
		{name: "plain http base of the vendor", address: testKey, opts: wecom.Options{BaseURL: "http://qyapi.weixin.qq.com"}, refused: "BaseURL: the vendor's address begins with https://"},
		{name: "other scheme", address: "ftp://gw.example.com" + hook, refused: "neither https:// nor http://"},
		{name: "no host", address: "https://" + hook, refused: "no host"},
		{name: "user", address: "https://me:" + testKey + "@gw.example.com" + hook, refused: "user"},
		{name: "no URL", address: "https://%zz" + hook, refused: "not a URL"},
		{name: "URL and base", address: "https://gw.example.com" + hook, opts: wecom.Options{BaseURL: "https://x.example"}, refused: "exclude each other"},
		{name: "bad base", address: testKey, opts: wecom.Options{BaseURL: "gw"}, refused: "BaseURL"},
		{name: "base with query", address: testKey, opts: wecom.Options{BaseURL: "https://gw.example.com?a=b"}, refused: "query"},

		{name: "mention by userid", address: testKey, opts: wecom.Options{Mentions: []string{"zhang.wei_1"}}, want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "mention everybody", address: testKey, opts: wecom.Options{Mentions: []string{"@all"}}, want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "mention by mobile", address: testKey, opts: wecom.Options{Mentions: []string{"a", "13800000001"}}, refused: "Mentions[1]: looks like a mobile number"},
		{name: "mention as markup", address: testKey, opts: wecom.Options{Mentions: []string{"<@a>"}}, refused: "not a userid"},
		{name: "mention with @", address: testKey, opts: wecom.Options{Mentions: []string{"@a"}}, refused: "does not begin with @"},
		{name: "empty mention", address: testKey, opts: wecom.Options{Mentions: []string{""}}, refused: "is empty"},
		{name: "long mention", address: testKey, opts: wecom.Options{Mentions: []string{strings.Repeat("a", 65)}}, refused: "65 bytes, limit 64 bytes"},
		{name: "many mentions", address: testKey, opts: wecom.Options{Mentions: make([]string, 0)}, want: "wecom.Robot(qyapi.weixin.qq.com)"},
		{name: "too many mentions", address: testKey, opts: wecom.Options{Mentions: strings.Split(strings.Repeat("abcdefgh,", 100)+"z", ",")}, refused: "limit 1024 bytes"},
		{name: "text limit", address: testKey, opts: wecom.Options{TextLimit: 5121}, refused: "want 1 to 5120"},
		{name: "negative text limit", address: testKey, opts: wecom.Options{TextLimit: -1}, refused: "want 1 to 5120"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, err := wecom.New(tt.address, &tt.opts)
			if tt.refused != "" {
				require.ErrorContains(t, err, tt.refused)
				require.ErrorContains(t, err, "wecom: new: ")
				require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), testKey)
				require.NotContains(t, err.Error(), "13800000001")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, robot.String())
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, address, base, want string }{
		{"key", testKey, "", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + testKey},
		{"base with prefix", testKey, "http://gw.example.com/x/", "http://gw.example.com/x/cgi-bin/webhook/send?key=" + testKey},
		{"URL", "https://gw.example.com/y/cgi-bin/webhook/send?key=" + testKey, "", "https://gw.example.com/y/cgi-bin/webhook/send?key=" + testKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transport := &spy{}
			robot, err := wecom.New(tt.address, &wecom.Options{BaseURL: tt.base, HTTPClient: transport.client()})
			require.NoError(t, err)
			require.NoError(t, robot.Send(t.Context(), sample()))
			require.Equal(t, tt.want, transport.url)
			require.Equal(t, "POST", transport.method)
			require.Equal(t, "application/json", transport.contentType)
		})
	}
}

func TestPrintHidesKey(t *testing.T) {
	t.Parallel()
	robot, err := wecom.New(testKey, nil)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "robot", robot, "value", *robot)
	holder := struct{ robot *wecom.Robot }{robot}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		require.Equal(t, "wecom.Robot(qyapi.weixin.qq.com)", fmt.Sprintf(verb, robot))
		log.WriteString(fmt.Sprintf(verb, *robot) + fmt.Sprintf(verb, holder))
	}
	require.NotContains(t, log.String(), testKey)
	require.NotContains(t, log.String(), fmt.Sprintf("%x", testKey))
	var none *wecom.Robot
	require.Equal(t, "wecom.Robot(nil)", none.String())
}

func TestSendNothing(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Send(t.Context()))
	require.Zero(t, server.Attempts())
}

func TestRender(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("template: %w", fmt.Errorf("boom"))
	tests := []struct {
		name    string
		message wecom.Message
		err     error
		want    string // content
		op      string
	}{
		{name: "own text", message: wecom.Text{Content: "2 alerts", Mentions: []string{"@all"}}, want: "2 alerts"},
		{name: "error", err: broken, op: "render"},
		{name: "nil", op: "send"},
		{name: "too long", message: wecom.Markdown{Content: strings.Repeat("x", 4097)}, op: "send"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, &wecom.Options{
				Mentions: []string{"not-used"},
				Render: func(alerts []alert.Alert) (wecom.Message, error) {
					require.Len(t, alerts, 2)
					return tt.message, tt.err
				},
			})
			err := robot.Send(t.Context(), sample(), sample())
			if tt.op != "" {
				e, ok := err.(*wecom.Error)
				require.True(t, ok)
				require.Equal(t, tt.op, e.Op)
				require.Zero(t, server.Attempts())
				require.Equal(t, tt.err != nil, e.Retryable(), "an unknown cause may pass, a wrong message does not")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, server.Messages()[0].Content)
		})
	}
}

// TestForeignKey shows what the vendor says to a key that it does not know.
func TestForeignKey(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	robot, err := wecom.New(testKey, &wecom.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	err = robot.Send(t.Context(), sample())
	require.ErrorIs(t, err, wecom.CodeInvalidWebhook)
	require.NotContains(t, err.Error(), testKey)
	require.Equal(t, 1, server.Attempts())
}

// TestMentionsOfOthers follows a card by a text that mentions whom markdown
// cannot, and only where somebody is to be mentioned.
func TestMentionsOfOthers(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &wecom.Options{Mentions: []string{"zhangwei", "@all"}, Mobiles: []string{"13800000001"}})
	require.NoError(t, robot.Send(t.Context(), sample()))
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Status: alert.Resolved}))
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Severity: alert.Info}, alert.Alert{Status: alert.News}))
	m := server.Messages()
	require.Len(t, m, 4)
	require.True(t, strings.HasSuffix(m[0].Content, "\n<@zhangwei>"), m[0].Content)
	require.Equal(t, "text", m[1].Type)
	require.Equal(t, "【告警通知】警告 InternetBandwidthThresholdExceeded instanceName", m[1].Content)
	require.Equal(t, []string{"@all"}, m[1].Mentions)
	require.Equal(t, []string{"13800000001"}, m[1].Mobiles)
	require.NotContains(t, m[2].Content+m[3].Content, "<@")
}

// TestMentionThatFails loses the text behind a card. The card is in the group, so
// that nobody must send it again.
func TestMentionThatFails(t *testing.T) {
	t.Parallel()
	log := &journal{}
	robot, server := newRobot(t, &wecom.Options{Mobiles: []string{"13800000001"}, Logger: slog.New(slog.NewTextHandler(log, nil)), FailFast: true})
	server.Fail(wecomtest.Answer(http.StatusOK, `{"errcode":0,"errmsg":"ok"}`), wecomtest.Errcode(45009))
	require.NoError(t, robot.Send(t.Context(), sample()))
	require.Contains(t, log.String(), "the text that mentions members was not")
	leaktest.Check(t, []string{server.Key, "13800000001"}, log.String())
}

// TestNotify decides by alert whom a message notifies. What cannot be mentioned
// costs no alert.
func TestNotify(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &wecom.Options{Notify: func(a alert.Alert) (mentions, mobiles []string) {
		if a.Severity == alert.Critical {
			return []string{"li.si", "<@x>", "@all"}, []string{"13800000001", "no number"}
		}
		return []string{"zhangwei"}, nil
	}})
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Status: alert.Resolved}))
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Status: alert.Resolved}, alert.Alert{Severity: alert.Critical}, alert.Alert{Severity: alert.Critical}))
	m := server.Messages()
	require.Len(t, m, 3)
	scan(t, m[0].Content, []string{"zhangwei"})
	scan(t, m[1].Content, []string{"zhangwei", "li.si"})
	require.Equal(t, []string{"@all"}, m[2].Mentions)
	require.Equal(t, []string{"13800000001"}, m[2].Mobiles)
}

// TestSharedBudget has two robots with one address, which the vendor counts
// together.
func TestSharedBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := wecomtest.NewServer(t)
		var robots [2]*wecom.Robot
		for i := range robots {
			robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
			require.NoError(t, err)
			robots[i] = robot
		}
		began := time.Now()
		for i := range 40 {
			require.NoError(t, robots[i%2].Send(t.Context(), sample()))
		}
		require.Equal(t, 40, server.Attempts(), "not one was refused")
		require.Greater(t, time.Since(began), time.Minute)
	})
}

// TestOptionsDoNotPrint hides the numbers in the options.
func TestOptionsDoNotPrint(t *testing.T) {
	t.Parallel()
	o := wecom.Options{Mobiles: []string{"13800000001"}, Mentions: []string{"zhangwei"}}
	require.Equal(t, "wecom.Options wecom.Options", fmt.Sprintf("%+v %#v", o, &o))
	require.Equal(t, "wecom.Options", slog.AnyValue(o).Resolve().String())
}

// TestVerdictWithoutSuccess reads the errcode of an answer with HTTP 400.
func TestVerdictWithoutSuccess(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	server.FailAlways(wecomtest.Answer(http.StatusBadRequest, `{"errcode":93000,"errmsg":"invalid webhook url"}`))
	require.ErrorIs(t, robot.Send(t.Context(), sample()), wecom.CodeInvalidWebhook)
	server.FailAlways(wecomtest.Answer(http.StatusBadRequest, `{"errcode":60020,"errmsg":"not allow to access from your ip, hint: [1], from ip: 192.0.2.10, more info at https://x"}`))
	require.ErrorContains(t, robot.Send(t.Context(), sample()), "from ip: 192.0.2.10", "the address to enter")
	server.FailAlways(wecomtest.Answer(http.StatusBadGateway, `{"errcode":0,"errmsg":"ok"}`))
	err := robot.Send(alert.Once(t.Context()), sample())
	require.ErrorContains(t, err, "HTTP 502")
	require.True(t, alert.Retryable(err))
}

// TestAddresses refuses what the chat would not open, in every type.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"ops.example.com", "/a", "javascript:alert(1)", "JavaScript://a/%0aalert(1)", "https:///a", "data:x", "https://a b", "file:///etc/passwd"} {
		action := wecom.Link{Type: wecom.LinkURL, URL: "https://a"}
		link := wecom.Link{Type: wecom.LinkURL, URL: bad}
		for _, m := range []wecom.Message{
			wecom.News{Articles: []wecom.Article{{Title: "a", URL: bad}}},
			wecom.News{Articles: []wecom.Article{{Title: "a", URL: "https://a", PicURL: bad}}},
			wecom.TextNotice{SubTitleText: "a", Action: link},
			wecom.TextNotice{SubTitleText: "a", Action: action, Jumps: []wecom.Jump{{Title: "a", Link: link}}},
			wecom.TextNotice{SubTitleText: "a", Action: action, Quote: wecom.Quote{Link: link}},
			wecom.TextNotice{SubTitleText: "a", Action: action, Source: wecom.Source{IconURL: bad}},
			wecom.TextNotice{SubTitleText: "a", Action: action, Horizontal: []wecom.KeyValue{{Key: "a", Type: wecom.ValueURL, URL: bad}}},
			wecom.NewsNotice{MainTitle: wecom.Heading{Title: "a"}, Action: action, Image: wecom.CardImage{URL: bad}},
			wecom.NewsNotice{MainTitle: wecom.Heading{Title: "a"}, Action: action, Image: wecom.CardImage{URL: "https://a"}, ImageText: wecom.ImageText{ImageURL: bad}},
		} {
			require.Error(t, m.Validate(), "%q in %+v", bad, m)
		}
	}
}
