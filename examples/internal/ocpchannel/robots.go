package ocpchannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/wecom"
)

// A robot is one destination, and the outcome there.
type robot struct {
	name   string
	sender alert.Sender
	err    error
}

// Send delivers and keeps the outcome.
func (r *robot) Send(ctx context.Context, alerts ...alert.Alert) error {
	r.err = errPanic // unless it returns
	r.err = r.sender.Send(ctx, alerts...)
	return r.err
}

// errPanic is the outcome of a robot that did not return one.
var errPanic = errors.New("panicked")

// robots returns those that are set, at least one. What a robot sends of a
// payload depends on the setting body.
func (s settings) robots(p *ocp.Payload) (robots []*robot, err error) {
	language, _ := alert.ParseLocale(s.get(locale).value) // judged before; Chinese if it is not set
	web, err := s.client()
	if err != nil {
		return nil, err
	}
	if u := s.get(dingtalkURL); u.value != "" {
		opts := &dingtalk.Options{Secret: s.get(dingtalkSecret).value, Keyword: s.get(dingtalkKeyword).value, Locale: language, HTTPClient: web}
		if s.sendsMessage(p) {
			opts.Render = func(alerts []alert.Alert) (dingtalk.Message, error) {
				return dingtalkMessage(p, foot(p, alerts), language), nil
			}
		}
		r, err := dingtalk.New(u.value, opts)
		if err != nil {
			return nil, u.refuse("%w", err)
		}
		robots = append(robots, s.robot("DingTalk", r))
	}
	if u := s.get(wecomURL); u.value != "" {
		opts := &wecom.Options{Locale: language, HTTPClient: web}
		if s.sendsMessage(p) {
			opts.Render = func(alerts []alert.Alert) (wecom.Message, error) {
				return wecomMessage(p, foot(p, alerts), language), nil
			}
		}
		r, err := wecom.New(u.value, opts)
		if err != nil {
			return nil, u.refuse("%w", err)
		}
		robots = append(robots, s.robot("WeCom", r))
	}
	return robots, nil
}

// client returns what carries the messages. Proxies of the environment do not
// count: what an alarm brings there must not decide whom the messages pass.
func (s settings) client() (*http.Client, error) {
	t := &http.Transport{ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second}
	if via := s.get(proxy); via.value != "" {
		u, err := url.Parse(via.value)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return nil, via.refuse("want http://host:port")
		}
		t.Proxy = http.ProxyURL(u)
	}
	return &http.Client{Transport: t}, nil
}

// foot returns what was added to the alert on its way to a robot, and which OCP's
// own text does not say.
func foot(p *ocp.Payload, alerts []alert.Alert) string {
	added, _ := strings.CutPrefix(alerts[0].Summary, p.Alert().Summary)
	return added
}

// sendsMessage reports whether OCP's own text is asked for, and there.
func (s settings) sendsMessage(p *ocp.Payload) bool {
	return s.get(body).value == "message" && strings.TrimSpace(p.Message) != ""
}

// robot gives a robot its name and, if there is a state, its own memory: after
// the failure of one robot, OCP's next attempt reaches that one alone.
func (s settings) robot(name string, sender alert.Sender) *robot {
	if path := s.get(state).value; path != "" {
		sender = ocp.Remember(path+"."+strings.ToLower(name), s.get(repeat).time(time.Hour))(sender)
	}
	return &robot{name: name, sender: sender}
}

// deliver sends to all robots at once. The failure of one is a failure, and
// says which: OCP has to try again.
func deliver(ctx context.Context, robots []*robot, p *ocp.Payload) error {
	senders := make([]alert.Sender, len(robots))
	for i, r := range robots {
		senders[i] = r
	}
	err := alert.Fanout(senders...).Send(ctx, p.Alert())
	if err == nil || len(robots) == 1 {
		return err
	}
	outcomes := make([]string, len(robots))
	for i, r := range robots {
		outcomes[i] = r.name + " accepted it"
		if r.err != nil {
			outcomes[i] = fmt.Sprintf("%s FAILED: %v", r.name, r.err)
		}
	}
	return fmt.Errorf("ocp-dingtalk: %s", strings.Join(outcomes, "; "))
}
