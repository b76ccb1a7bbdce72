// Package destinations makes Senders of settings: a group robot of WeCom, one
// of DingTalk, and SNMP consoles.
package destinations

import (
	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/wecom"
)

// A Destination is a Sender with its name, which is the same after a restart
// and holds no secret.
type Destination struct {
	Name string
	alert.Sender
}

// Robots makes the robots that are set, none to two. The secret is that of the
// DingTalk robot and may be missing. Errors name the setting.
func Robots(wecomURL, dingtalkURL, dingtalkSecret *cli.Setting, l alert.Locale) (all []Destination, err error) {
	if wecomURL.Given() {
		robot, err := wecom.New(wecomURL.Text(""), &wecom.Options{Locale: l})
		if err != nil {
			return nil, wecomURL.Refuse("%w", err)
		}
		all = append(all, Destination{"wecom", robot})
	}
	if dingtalkURL.Given() {
		robot, err := dingtalk.New(dingtalkURL.Text(""), &dingtalk.Options{Locale: l, Secret: dingtalkSecret.Text("")})
		if err != nil {
			return nil, dingtalkURL.Refuse("%w", err)
		}
		all = append(all, Destination{"dingtalk", robot})
	} else if dingtalkSecret.Given() {
		return nil, dingtalkSecret.Refuse("there is no -%s", dingtalkURL.Name)
	}
	return all, nil
}

// Join returns one Sender for all of them, or nil if there is none.
func Join(all []Destination) alert.Sender {
	senders := make([]alert.Sender, len(all))
	for i, d := range all {
		senders[i] = d.Sender
	}
	switch len(senders) {
	case 0:
		return nil
	case 1:
		return senders[0]
	}
	return alert.Fanout(senders...)
}
