package dingtalk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	const hook = "/robot/send?access_token=" + testToken
	const vendor = "dingtalk.Robot(oapi.dingtalk.com)"
	at := func(mobiles ...string) dingtalk.Options { return dingtalk.Options{At: dingtalk.At{Mobiles: mobiles}} }
	tests := []struct {
		name, address string
		opts          dingtalk.Options
		want          string // what the robot prints as
		refused       string // a part of the error
	}{
		{name: "bare token", address: testToken, want: vendor},
		{name: "token with line feed of a file", address: testToken + "\n", want: vendor},
		{name: "vendor URL", address: "https://oapi.dingtalk.com" + hook, want: vendor},
		{name: "international URL", address: "https://oapi.dingtalk.io" + hook, want: "dingtalk.Robot(oapi.dingtalk.io)"},
		{name: "gateway with prefix", address: "https://gw.example.com:8443/ding" + hook, want: "dingtalk.Robot(gw.example.com:8443)"},
		{name: "stand-in over http", address: "http://127.0.0.1:8080" + hook, want: "dingtalk.Robot(127.0.0.1:8080)"},
		{name: "gateway with a path of its own", address: "http://gw.example.com/robots/ops?access_token=" + testToken, want: "dingtalk.Robot(gw.example.com)"},
		{name: "other domain that ends alike", address: "http://notdingtalk.com" + hook, want: "dingtalk.Robot(notdingtalk.com)"},
		{name: "base", address: testToken, opts: dingtalk.Options{BaseURL: "http://gw.example.com/x/"}, want: "dingtalk.Robot(gw.example.com)"},
		{name: "international base", address: testToken, opts: dingtalk.Options{BaseURL: "https://oapi.dingtalk.io"}, want: "dingtalk.Robot(oapi.dingtalk.io)"},

		{name: "empty", address: " ", refused: "empty"},
		{name: "doubled prefix", address: "https://oapi.dingtalk.com/robot/send?access_token=https://oapi.dingtalk.com" + hook, refused: "holds another URL"},
		{name: "pair instead of token", address: "access_token=" + testToken, refused: "neither a bare token nor a webhook URL"},
		{name: "no scheme", address: "oapi.dingtalk.com" + hook, refused: "begins with https://"},
		{name: "other path", address: "https://oapi.dingtalk.com/chat/send?access_token=" + testToken, refused: "is /robot/send"},
		{name: "no token", address: "https://oapi.dingtalk.com/robot/send", refused: "no access_token"},
		{name: "empty token", address: "https://oapi.dingtalk.com/robot/send?access_token=", refused: "no access_token"},
		{name: "two tokens", address: "https://oapi.dingtalk.com" + hook + "&access_token=" + testToken, refused: "one parameter"},
		{name: "secret in the URL", address: "https://oapi.dingtalk.com" + hook + "&secret=" + testSecret, refused: "the secret goes into Options"},
		{name: "signed already", address: "https://oapi.dingtalk.com" + hook + "&timestamp=1&sign=x", refused: "is signed already"},
		{name: "other parameter", address: "https://oapi.dingtalk.com" + hook + "&debug=1", refused: "one parameter"},
		{name: "bad escape", address: "https://oapi.dingtalk.com" + hook + "%zz", refused: "one parameter"},
		{name: "blank inside", address: testToken + " " + testToken, refused: "blanks"},
		{name: "control character", address: testToken + "\x00", refused: "control characters"},
		{name: "not UTF-8", address: testToken + "\xff", refused: "UTF-8"},
		{name: "letters", address: testToken + "告警", refused: "letters, digits"},
		{name: "endless token", address: strings.Repeat(testToken, 5), refused: "too long"},
		{name: "plain http to the vendor", address: "http://oapi.dingtalk.com" + hook, refused: "https://"},
		{name: "plain http to the vendor abroad", address: "http://OAPI.dingtalk.io." + hook, refused: "https://"},
		{name: "other scheme", address: "ftp://gw.example.com" + hook, refused: "neither https:// nor http://"},
		{name: "no host", address: "https://" + hook, refused: "no host"},
		{name: "user", address: "https://me:" + testToken + "@gw.example.com" + hook, refused: "user"},
		{name: "no URL", address: "https://%zz" + hook, refused: "not a URL"},
		{name: "URL and base", address: "https://gw.example.com" + hook, opts: dingtalk.Options{BaseURL: "https://x.example"}, refused: "exclude each other"},
		{name: "bad base", address: testToken, opts: dingtalk.Options{BaseURL: "gw"}, refused: "BaseURL"},
		{name: "plain http base of the vendor", address: testToken, opts: dingtalk.Options{BaseURL: "http://oapi.dingtalk.com"}, refused: "BaseURL: the vendor's address begins with https://"},
		{name: "base with query", address: testToken, opts: dingtalk.Options{BaseURL: "https://gw.example.com?a=b"}, refused: "query"},

		{name: "secret of any shape", address: testToken, opts: dingtalk.Options{Secret: "this is secret"}, want: vendor},
		{name: "blank secret", address: testToken, opts: dingtalk.Options{Secret: "\n"}, refused: "Secret: is blank"},
		{name: "secret in two lines", address: testToken, opts: dingtalk.Options{Secret: testSecret + "\n" + testSecret}, refused: "Secret: holds control characters"},
		{name: "endless secret", address: testToken, opts: dingtalk.Options{Secret: strings.Repeat(testSecret, 4)}, refused: "Secret: 268 bytes, limit 256 bytes"},
		{name: "keyword", address: testToken, opts: dingtalk.Options{Keyword: "告警"}, want: vendor},
		{name: "blank keyword", address: testToken, opts: dingtalk.Options{Keyword: " "}, refused: "Keyword: is blank"},
		{name: "endless keyword", address: testToken, opts: dingtalk.Options{Keyword: strings.Repeat("告", 43)}, refused: "Keyword: 129 bytes, limit 128 bytes"},
		{name: "keyword that is not UTF-8", address: testToken, opts: dingtalk.Options{Keyword: "\xff"}, refused: "Keyword: holds"},
		{name: "mention", address: testToken, opts: at("@13800000001", "+852-12345678"), want: vendor},
		{name: "mention that is no number", address: testToken, opts: at("13800000001", "user"), refused: "At.Mobiles[1]: not a mobile number"},
		{name: "mention by bad userId", address: testToken, opts: dingtalk.Options{At: dingtalk.At{UserIDs: []string{"a b"}}}, refused: "At.UserIDs[0]: not a userId"},
		{name: "too many mentions", address: testToken, opts: dingtalk.Options{At: dingtalk.At{UserIDs: strings.Split(numbered(500), ",")}}, refused: "At: 4389 bytes, limit 4096 bytes"},
		{name: "two faults", address: testToken, opts: dingtalk.Options{Secret: " ", Keyword: " "}, refused: "Secret: is blank; Keyword: is blank"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, err := dingtalk.New(tt.address, &tt.opts)
			if tt.refused != "" {
				require.ErrorContains(t, err, tt.refused)
				require.ErrorContains(t, err, "dingtalk: new: ")
				leaktest.Check(t, []string{testToken, testSecret, "13800000001"}, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, robot.String())
		})
	}
}

// numbered returns n userIds with commas between them.
func numbered(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("user%d", i))
	}
	return strings.Join(ids, ",")
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, address, base, want string }{
		{"token", testToken, "", "https://oapi.dingtalk.com/robot/send?access_token=" + testToken},
		{"base with prefix", testToken, "http://gw.example.com/x/", "http://gw.example.com/x/robot/send?access_token=" + testToken},
		{"URL", "https://gw.example.com/y/robot/send?access_token=" + testToken, "", "https://gw.example.com/y/robot/send?access_token=" + testToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			far := &spy{}
			robot, err := dingtalk.New(tt.address, &dingtalk.Options{BaseURL: tt.base, HTTPClient: far.client()})
			require.NoError(t, err)
			require.NoError(t, robot.Send(t.Context(), bandwidth()))
			require.Equal(t, tt.want, far.requests[0].URL.String())
			require.Equal(t, "POST", far.requests[0].Method)
			require.Equal(t, "application/json", far.requests[0].Header.Get("Content-Type"))
		})
	}
}

// TestShowsNoSecret prints a robot, its options and its errors in every way.
func TestShowsNoSecret(t *testing.T) {
	t.Parallel()
	const number = "13800000001"
	signatures := make(chan string, 1)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signatures <- r.URL.Query().Get("sign")
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	defer vendor.Close()
	opts := dingtalk.Options{BaseURL: vendor.URL, Secret: testSecret, At: dingtalk.At{Mobiles: []string{number}}}
	robot, err := dingtalk.New(testToken, &opts)
	require.NoError(t, err)
	require.NoError(t, robot.Send(t.Context(), bandwidth()))
	signature := <-signatures
	require.NotEmpty(t, signature)
	leaktest.Check(t, []string{testToken, testSecret, number, signature}, robot)
	host := strings.TrimPrefix(vendor.URL, "http://")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		require.Equal(t, "dingtalk.Robot("+host+")", fmt.Sprintf(verb, robot))
		require.Equal(t, "dingtalk.Options", fmt.Sprintf(verb, opts))
		require.Equal(t, "dingtalk.Options", fmt.Sprintf(verb, &opts))
	}
	require.Equal(t, "dingtalk.Options", opts.LogValue().String())
	var none *dingtalk.Robot
	require.Equal(t, "dingtalk.Robot(nil)", none.String())
}

func TestSendNothing(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Send(t.Context()))
	require.Zero(t, server.Attempts())
}

func TestRender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message dingtalk.Message
		err     error
		want    string // text
		refused string
	}{
		{name: "own text", message: dingtalk.Text{Content: "2 alerts", At: dingtalk.At{UserIDs: []string{"a"}}}, want: "2 alerts\nops\n@13800000001 @a"},
		{name: "own card", message: card(), want: "### [S1] order-service 5xx\n\nvalue **12.4%**\n\n@13800000001"},
		{name: "error", err: errors.New("boom"), refused: "dingtalk: render: boom"},
		{name: "nil", refused: "dingtalk: send: message: is nil"},
		{name: "too long", message: dingtalk.Text{Content: strings.Repeat("x", 20000)}, refused: "dingtalk: send: body: 2"},
		{name: "link", message: link(), refused: "dingtalk: send: at: a link notifies nobody"},
		{name: "feed card", message: feed(), refused: "dingtalk: send: at: a feedCard notifies nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, &dingtalk.Options{
				At:      dingtalk.At{Mobiles: []string{"@13800000001"}},
				Keyword: "ops",
				Render: func(alerts []alert.Alert) (dingtalk.Message, error) {
					require.Len(t, alerts, 2)
					return tt.message, tt.err
				},
			})
			err := robot.Send(t.Context(), bandwidth(), bandwidth())
			if tt.refused != "" {
				require.ErrorContains(t, err, tt.refused)
				require.Zero(t, server.Attempts())
				require.Equal(t, tt.err != nil, alert.Retryable(err), "an unknown cause may pass, a wrong message does not")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, server.Messages()[0].Text)
		})
	}
}

// TestIdentity shows that each message has an identity of its own, which all
// its attempts share.
func TestIdentity(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	robot, server := newRobot(t, &dingtalk.Options{Rate: -1})
	server.Rate = 0
	seen := map[string]bool{}
	for range 50 {
		require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x"}))
		require.NoError(t, robot.Send(t.Context(), bandwidth()))
	}
	for _, m := range server.Messages() {
		require.Regexp(t, form, m.UUID)
		require.False(t, seen[m.UUID], "fresh for each message")
		seen[m.UUID] = true
	}
	require.Len(t, seen, 100)
}

// TestForeignToken shows what the vendor says to a token that it does not know.
func TestForeignToken(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	robot, err := dingtalk.New(testToken, &dingtalk.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	err = robot.Send(t.Context(), bandwidth())
	require.ErrorIs(t, err, dingtalk.Code(300005))
	leaktest.Check(t, []string{testToken}, err)
	require.Equal(t, 1, server.Attempts())
}

// TestRoom shows that what is rendered fits with the longest keyword and
// mentions, down to the last byte.
func TestRoom(t *testing.T) {
	t.Parallel()
	opts := &dingtalk.Options{
		Keyword: strings.Repeat(`"`, 128),
		At:      dingtalk.At{UserIDs: strings.Split(numbered(460), ","), All: true},
	}
	robot, server := newRobot(t, opts)
	room := dingtalk.Room(robot)
	require.Greater(t, room, 4096)
	opts.Render = func([]alert.Alert) (dingtalk.Message, error) {
		return dingtalk.Markdown{Title: "t", Text: strings.Repeat("x", room-len(`"t"""`))}, nil
	}
	full, fullServer := newRobot(t, opts)
	require.NoError(t, full.Send(t.Context(), bandwidth()))
	require.Len(t, fullServer.Messages()[0].Body, 20000)

	huge := bandwidths(5000, 900)
	for i := range huge {
		huge[i].Summary = strings.Repeat("\"\\\n💔<&", 5000)
	}
	require.NoError(t, robot.Send(t.Context(), huge...))
	huge[0].Status, huge[0].Severity = alert.Firing, alert.Critical
	require.NoError(t, robot.Send(t.Context(), huge[0]))
	for _, m := range server.Messages() {
		require.LessOrEqual(t, len(m.Body), 20000)
		require.Contains(t, m.Title, opts.Keyword)
		require.Len(t, m.Mentioned, 460)
		require.True(t, json.Valid(m.Body))
	}
	require.Equal(t, 5000, newCounter().count(t, mentionsOff(server.Messages()[0].Text)))
}

// mentionsOff returns a text without the paragraph of mentions at its end.
func mentionsOff(text string) string {
	if i := strings.LastIndex(text, "\n\n@"); i >= 0 {
		return text[:i]
	}
	return text
}
