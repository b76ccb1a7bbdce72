package aliyun_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// mns is a push of the message service in its JSON form, which nobody reads.
const mns = `{"TopicOwner":"VALUE-1","TopicName":"VALUE-2","Subscriber":"VALUE-3","SubscriptionName":"VALUE-4",
"MessageId":"VALUE-5","Message":"VALUE-6","MessageMD5":"VALUE-7","PublishTime":"VALUE-8"}`

// TestNotice: a callback that nobody can read is told, with the names of its
// keys and without a value.
func TestNotice(t *testing.T) {
	t.Parallel()
	at := "/aliyun/" + secret
	tests := []struct {
		name, method, target, body string
		says                       []string
	}{
		{"MNS push", "POST", at, mns, []string{"not a known CloudMonitor callback", "字段: TopicOwner, TopicName, Subscriber, SubscriptionName, MessageId, Message, MessageMD5, PublishTime"}},
		{"object", "PUT", at, `{"foo":"VALUE-1","bar":{"inner":"VALUE-2"}}`, []string{"字段: foo, bar", "字节数: 43"}},
		{"array", "POST", at, "\uFEFF" + ` [ {"foo":["VALUE-1"],"bar":1}, {"other":2}]`, []string{"字段: foo, bar"}},
		{"array of texts", "POST", at, `["VALUE-1"]`, []string{"not an object"}},
		{"array of arrays", "POST", at, `[[{"VALUE-1":1}]]`, []string{"not an object"}},
		{"array by GET", "GET", at + "?data=%5B%7B%22foo%22%3A%22VALUE-1%22%7D%5D", "", []string{"字段: foo"}},
		{"text", "POST", at, `"VALUE-1"`, []string{"neither JSON nor a form: unreadable body"}},
		{"prose", "POST", at, "VALUE-1 is down", []string{"neither JSON nor a form"}},
		{"XML", "POST", at, `<Notification><Message>VALUE-2</Message><x y="VALUE-1"/></Notification>`, []string{"neither JSON nor a form"}},
		{"prose with an equals sign", "POST", at, "the key of VALUE-2 is x=VALUE-1", []string{"neither JSON nor a form"}},
		{"form with prose", "POST", at, "foo=1&VALUE-1 VALUE-2=3", []string{"字段: foo, 另有 1 个"}},
		{"bytes", "POST", at, "\x1f\x8b\x00\xff\xfe", []string{"neither JSON nor a form"}},
		{"cut off", "POST", at, `{"alertState":"VALUE-1","curVa`, []string{"invalid JSON at byte 30 of 30"}},
		{"form", "POST", at, "foo=VALUE-1&bar=VALUE-2", []string{"字段: foo, bar"}},
		{"form by GET", "GET", at + "?foo=VALUE-1&bar=VALUE-2&baz=VALUE-3", "", []string{"empty callback", "字段: foo, bar, baz"}},
		{"JSON by GET", "GET", at + "?data=%7B%22foo%22%3A%22VALUE-1%22%7D", "", []string{"字段: foo"}},
		{"many keys", "POST", at, `{"k` + strings.Join(strings.Split(strings.Repeat("x", 29), ""), `":1,"k`) + `":1}`, []string{"kx, kx", "另有 5 个"}},
		{"too long", "POST", at, `{"alertState":"` + strings.Repeat("VALUE-1", aliyun.MaxBody/7+1) + `"}`, []string{"longer than 1048576 bytes", "字节数: 1048596"}},
		{"query too long", "GET", at + "?data=" + strings.Repeat("VALUE-1", aliyun.MaxBody/7), "", []string{"longer than 1048576 bytes"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := &recorder{}
			var seen []error
			h, log := newHandler(t, sender, aliyun.Options{OnCallback: func(_ context.Context, r aliyun.Received) { seen = append(seen, r.Err) }})
			w := serve(h, test.method, test.target, test.body)
			require.Equal(t, 200, w.Code)
			require.Len(t, seen, 1)
			require.Error(t, seen[0])
			require.Len(t, sender.alerts, 1)
			a := sender.alerts[0]
			require.Equal(t, "无法解析的回调", a.Name)
			require.Equal(t, aliyun.Source, a.Source)
			require.Equal(t, alert.Warning, a.Severity)
			require.Equal(t, alert.Firing, a.Status)
			require.NotEmpty(t, a.Key)
			require.NotEqual(t, a.Key, a.ID)
			require.Contains(t, a.Summary, "来源: 47.74.206.122\n")
			for _, s := range test.says {
				require.Contains(t, a.Summary, s)
			}
			require.LessOrEqual(t, len(a.Summary), 2000)
			leaktest.Check(t, []string{secret, "VALUE-1", "VALUE-2", "VALUE-3"}, a, log.String(), w.Body.String(), seen[0])
			require.Contains(t, log.String(), "callback not understood")
			require.Contains(t, log.String(), "alert accepted")
		})
	}
}

// TestNoticeOfElements: what cannot be read among the elements of a push is told
// beside those that can.
func TestNoticeOfElements(t *testing.T) {
	t.Parallel()
	_, good := fixture(t, "event-2020-cfw-dryrun.json")
	body := "[" + string(good) + `,{"foo":"VALUE-1"},{"foo":"VALUE-2"},"VALUE-3"]`
	sender := &recorder{}
	h, _ := newHandler(t, sender, aliyun.Options{})
	require.Equal(t, 200, serve(h, "POST", "/aliyun/"+secret, body).Code)
	require.Len(t, sender.alerts, 3)
	require.Equal(t, "无法解析的回调", sender.alerts[1].Name)
	require.Contains(t, sender.alerts[1].Summary, "字段: foo")
	require.NotContains(t, sender.alerts[2].Summary, "product", "keys of the element that was read")
	leaktest.Check(t, []string{secret, "VALUE-1", "VALUE-2", "VALUE-3"}, sender.alerts[1], sender.alerts[2])

	failing := &recorder{err: errors.New("down")}
	h, _ = newHandler(t, failing, aliyun.Options{})
	require.Equal(t, 503, serve(h, "POST", "/aliyun/"+secret, body).Code)
}

func TestNoticeMediaType(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"text/xml; charset=VALUE": "text/xml", "Application/JSON": "application/json", "": "", "VALUE VALUE": "", "text/plain; VALUE": "text/plain",
		"text/" + strings.Repeat("x", 9000): "text/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
	} {
		sender := &recorder{}
		h, _ := newHandler(t, sender, aliyun.Options{Locale: alert.English})
		r := httptest.NewRequest("POST", "/"+secret, strings.NewReader("VALUE"))
		r.Header.Set("Content-Type", header)
		h.ServeHTTP(httptest.NewRecorder(), r)
		_, got, _ := strings.Cut(sender.alerts[0].Summary, "Content-Type: ")
		require.Equal(t, want, got)
		require.NotContains(t, sender.alerts[0].Summary, "VALUE")
	}
}

// TestNoticeLocale also shows the whole text once.
func TestNoticeLocale(t *testing.T) {
	t.Parallel()
	for locale, want := range map[alert.Locale]string{
		alert.English: "Callback that cannot be read\nAccount: prod\n" +
			"A callback came whose alert is not delivered, because it cannot be read. Look into the console.\n" +
			"Reason: not a known CloudMonitor callback\nCaller: 47.74.206.122\nBytes: 17\nKeys: foo, bar",
		alert.Japanese: "解読できないコールバック\nアカウント: prod\n" +
			"受信したコールバックを解読できず、中のアラートは配信されていません。コンソールを確認してください。\n" +
			"理由: not a known CloudMonitor callback\n送信元: 47.74.206.122\nバイト数: 17\nキー: foo, bar",
		alert.Chinese: "无法解析的回调\n账号: prod\n收到一条无法解析的回调，其中的告警未能送达，请到控制台查看。\n" +
			"原因: not a known CloudMonitor callback\n来源: 47.74.206.122\n字节数: 17\n字段: foo, bar",
	} {
		sender := &recorder{}
		h, _ := newHandler(t, sender, aliyun.Options{Locale: locale, Accounts: accounts()})
		serve(h, "POST", "/"+prodSecret, `{"foo":1,"bar":2}`)
		a := sender.alerts[0]
		require.Equal(t, want, a.Name+"\n"+a.Summary)
		require.Equal(t, map[string]string{aliyun.LabelAccount: "prod"}, a.Labels)
	}
}

// TestNoticeWindow: one shape is told once in ten minutes, and the next notice
// counts what came meanwhile.
func TestNoticeWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := &recorder{}
		h, log := newHandler(t, sender, aliyun.Options{Locale: alert.English})
		post := func(body string) int { return serve(h, "POST", "/"+secret, body).Code }
		for i := range 5 {
			require.Equal(t, 200, post(fmt.Sprintf(`{"foo":%d,"bar":%d}`, i, i)))
			require.Equal(t, 200, post(fmt.Sprintf(`{"bar":%d,"foo":"longer"}`, i)))
			<-time.After(time.Minute)
		}
		require.Len(t, sender.alerts, 1)
		require.Equal(t, 10, strings.Count(log.String(), "callback not understood"))
		<-time.After(5*time.Minute - time.Nanosecond)
		require.Equal(t, 200, post(`{"foo":0,"bar":0}`))
		require.Len(t, sender.alerts, 1)
		require.Equal(t, 200, post(`{"foo":0}`), "another shape")
		require.Len(t, sender.alerts, 2)
		<-time.After(time.Nanosecond)
		require.Equal(t, 200, post(`{"foo":0,"bar":0}`))
		require.Len(t, sender.alerts, 3)
		first, other, next := sender.alerts[0], sender.alerts[1], sender.alerts[2]
		require.Equal(t, first.Key, next.Key)
		require.NotEqual(t, first.ID, next.ID)
		require.NotEqual(t, first.Key, other.Key)
		require.NotContains(t, first.Summary, "since the last notice")
		require.Contains(t, next.Summary, "Like it since the last notice: 10")
		<-time.After(10 * time.Minute)
		require.Equal(t, 200, post(`{"foo":0,"bar":0}`))
		require.NotContains(t, sender.alerts[3].Summary, "since the last notice", "counted once")

		// Broken at another place, or of another size, is the same shape.
		require.Equal(t, 200, post(`{"alertState"`))
		require.Equal(t, 200, post(`{"alertState":"x",`))
		require.Len(t, sender.alerts, 5)
	})
}

// TestNoticeNotAccepted: what no Sender took is repeated by the caller, under
// the same ID for those that took it, and counts for nothing.
func TestNoticeNotAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := &recorder{err: errors.New("down")}
		h, log := newHandler(t, sender, aliyun.Options{Locale: alert.English})
		for range 3 {
			require.Equal(t, 503, serve(h, "POST", "/"+secret, mns).Code)
			<-time.After(time.Second)
		}
		require.Contains(t, log.String(), "alert not accepted")
		sender.err = nil
		require.Equal(t, 200, serve(h, "POST", "/"+secret, mns).Code)
		require.Equal(t, 200, serve(h, "POST", "/"+secret, mns).Code)
		require.Len(t, sender.alerts, 4)
		for _, a := range sender.alerts {
			require.Equal(t, sender.alerts[0].ID, a.ID)
			require.NotContains(t, a.Summary, "since the last notice")
		}
	})
}

func TestNoticePanics(t *testing.T) {
	t.Parallel()
	calls := 0
	h, _ := newHandler(t, alert.SenderFunc(func(context.Context, ...alert.Alert) error {
		if calls++; calls == 1 {
			panic("SECRET")
		}
		return nil
	}), aliyun.Options{})
	require.Equal(t, 503, serve(h, "POST", "/"+secret, mns).Code)
	require.Equal(t, 200, serve(h, "POST", "/"+secret, mns).Code, "the turn was given back")
	require.Equal(t, 2, calls)
}

// TestNoticeConcurrently: those that come while the notice is under way wait
// for what becomes of it.
func TestNoticeConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := &recorder{err: errors.New("down")}
		slow := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			<-time.After(time.Second)
			err := sender.Send(ctx, alerts...)
			sender.mu.Lock()
			defer sender.mu.Unlock()
			sender.err = nil // the first fails
			return err
		})
		h, err := aliyun.NewHandler(slow, secret, nil)
		require.NoError(t, err)
		require.Equal(t, map[int]int{503: 1, 200: 19}, atOnce(h, 20))
		require.Len(t, sender.alerts, 2)

		// Nobody waits longer than the answer may take.
		hang := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error { <-ctx.Done(); return ctx.Err() })
		h, err = aliyun.NewHandler(hang, secret, nil)
		require.NoError(t, err)
		start := time.Now()
		require.Equal(t, map[int]int{503: 5}, atOnce(h, 5))
		require.Equal(t, 4500*time.Millisecond, time.Since(start))
	})
}

// atOnce posts n pushes and counts the statuses.
func atOnce(h http.Handler, n int) map[int]int {
	var mu sync.Mutex
	codes := map[int]int{}
	var work sync.WaitGroup
	for range n {
		work.Go(func() {
			code := serve(h, "POST", "/"+secret, mns).Code
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	work.Wait()
	return codes
}

// TestNoticeFlood: whoever invents shapes gets a bounded number of notices, and
// memory; later shapes are told again.
func TestNoticeFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := &recorder{}
		h, err := aliyun.NewHandler(sender, secret, &aliyun.Options{Locale: alert.English, Accounts: accounts()})
		require.NoError(t, err)
		for i := range 1000 {
			require.Equal(t, 200, serve(h, "POST", "/"+secret, fmt.Sprintf(`{"key-%d":1}`, i)).Code)
		}
		require.Len(t, sender.alerts, 65)
		require.Equal(t, 200, serve(h, "POST", "/"+prodSecret, `{"key-999":1}`).Code)
		require.Len(t, sender.alerts, 66, "another account is not concerned")
		require.Equal(t, 200, serve(h, "POST", "/"+secret, `{"key-0":1}`).Code)
		<-time.After(10 * time.Minute)
		for i := range 1000 {
			require.Equal(t, 200, serve(h, "POST", "/"+secret, fmt.Sprintf(`{"new-%d":1}`, i)).Code)
		}
		require.Len(t, sender.alerts, 131)
		require.Contains(t, sender.alerts[130].Summary, "since the last notice: 936", "with what was counted for a shape that is forgotten")
		seen := map[string]bool{}
		for _, a := range sender.alerts {
			require.False(t, seen[a.ID])
			seen[a.ID] = true
		}
	})
}

// TestNoNotice: strangers and probes are told to nobody.
func TestNoNotice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target, body string
		status                     int
	}{
		{"wrong secret", "POST", "/aliyun/guess", mns, 404},
		{"no secret", "POST", "/aliyun/", "garbage", 404},
		{"wrong secret, long", "POST", "/aliyun/guess", strings.Repeat("x", aliyun.MaxBody+1), 404},
		{"empty", "POST", "/aliyun/" + secret, "", 200},
		{"blank", "POST", "/aliyun/" + secret, " \r\n", 200},
		{"empty object", "POST", "/aliyun/" + secret, "{}", 200},
		{"HEAD", "HEAD", "/aliyun/" + secret + "?a=1&b=2&c=3", "", 200},
		{"GET", "GET", "/aliyun/" + secret, "", 200},
		{"GET past caches", "GET", "/aliyun/" + secret + "?t=1&_=2", "", 200},
		{"OPTIONS", "OPTIONS", "/aliyun/" + secret, "", 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := &recorder{}
			h, _ := newHandler(t, sender, aliyun.Options{})
			require.Equal(t, test.status, serve(h, test.method, test.target, test.body).Code)
			require.Empty(t, sender.alerts)
		})
	}
	sender := &recorder{}
	h, _ := newHandler(t, sender, aliyun.Options{})
	r := httptest.NewRequest("POST", "/"+secret, io.MultiReader(strings.NewReader(`{"foo"`), errReader{}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 400, w.Code, "the network failed")
	require.Empty(t, sender.alerts)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("reset") }

// TestNoticeOfLongBody: over a real connection, chunked or with a length, the
// caller gets the answer.
func TestNoticeOfLongBody(t *testing.T) {
	t.Parallel()
	group := &recorder{}
	h, _ := newHandler(t, group, aliyun.Options{})
	server := httptest.NewServer(h)
	defer server.Close()
	for _, body := range []io.Reader{strings.NewReader(strings.Repeat("x", aliyun.MaxBody+1)), io.LimitReader(endless{}, aliyun.MaxBody+9)} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+secret, body)
		require.NoError(t, err)
		w, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Equal(t, 200, w.StatusCode)
	}
	require.Len(t, group.alerts, 1)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "xxxxxxxxxxxxxxxx"), nil }
