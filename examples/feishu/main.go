// Feishu sends the callbacks of CloudMonitor to a group robot of Feishu (Lark): a
// channel of one's own, made of what the module exports. See docs/own-channel.md.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/card"
	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/aliyun"
)

func main() {
	r := newRobot(os.Getenv("FEISHU_URL"), os.Getenv("FEISHU_SECRET"))
	callbacks, err := aliyun.NewHandler(r, os.Getenv("CALLBACK_SECRET"), nil)
	if err == nil {
		err = serve.ListenAndServe(context.Background(), ":8080", callbacks, &serve.Options{Logger: slog.Default()})
	}
	log.Fatal(err)
}

// A robot is an alert.Sender that makes one attempt: whoever calls it, an outbox as
// a rule, tries again. Address and secret are in closures, where no printer looks.
type robot struct {
	hook, secret func() string
	post         func(*http.Request) (*http.Response, error) // no redirects, no address in errors
}

func newRobot(hook, secret string) *robot {
	own := &http.Transport{Proxy: http.ProxyFromEnvironment}
	return &robot{func() string { return hook }, func() string { return secret }, own.RoundTrip}
}

// A failure answers what whoever sends asks of an error.
type failure struct {
	error
	again, unknown bool
	after          time.Duration
}

func (f *failure) Retryable() bool           { return f.again }
func (f *failure) RetryAfter() time.Duration { return f.after }
func (f *failure) Unwrap() error             { return f.error }
func (f *failure) Is(target error) bool      { return f.unknown && target == alert.ErrUncertain }

// Send posts one card about all alerts.
func (r *robot) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	body, _ := json.Marshal(r.message(alerts, time.Now())) // texts always encode
	var sent atomic.Bool                                   // with a connection, bytes may leave
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, r.hook(), bytes.NewReader(body))
	if err != nil {
		return &failure{error: errors.New("feishu: the address is no URL")} // err quotes it
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.post(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		body, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	}
	if err != nil {
		return &failure{error: fmt.Errorf("feishu: %w", errors.Join(ctx.Err(), err)), again: true, unknown: sent.Load()}
	}
	return judge(resp.StatusCode, body)
}

// judge reads the answer. https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
func judge(status int, body []byte) error {
	var answer struct{ Code *int }
	switch err := json.Unmarshal(body, &answer); {
	case status == http.StatusTooManyRequests || err == nil && answer.Code != nil && *answer.Code == 11232:
		return &failure{error: errors.New("feishu: too many messages"), again: true, after: time.Minute}
	case err != nil || answer.Code == nil:
		return &failure{error: fmt.Errorf("feishu: HTTP %d without a code", status), again: true, unknown: true}
	case *answer.Code != 0:
		return &failure{error: fmt.Errorf("feishu: code %d", *answer.Code)} // the message or the robot is wrong
	}
	return nil
}

type object map[string]any // of JSON

// message is a card whose colour is that of the most urgent alert. It takes at
// most 20 KB; a byte of text takes six of JSON in the worst case.
func (r *robot) message(alerts []alert.Alert, now time.Time) object {
	style, colour := card.Style{}, "green"
	if alert.NewDigest(alerts).Groups[0].Alert.Status.Open() { // the most urgent
		colour = "red"
	}
	text := func(s string) object { return object{"tag": "plain_text", "content": s} }
	head := object{"template": colour, "title": text(style.Headline(200, alerts...))}
	body := []object{{"tag": "div", "text": text(style.Text(3000, alerts...))}}
	m := object{"msg_type": "interactive", "card": object{"header": head, "elements": body}}
	if stamp := strconv.FormatInt(now.Unix(), 10); r.secret() != "" {
		mac := hmac.New(sha256.New, []byte(stamp+"\n"+r.secret()))
		m["timestamp"], m["sign"] = stamp, base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return m
}
