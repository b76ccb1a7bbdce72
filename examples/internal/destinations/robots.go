// Package destinations makes Senders of settings: a group robot of WeCom, one
// of DingTalk, and SNMP consoles.
package destinations

import (
	"errors"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/wecom"
)

// A Destination is a Sender with its name, which is the same after a restart
// and holds no secret, and how an outbox had best treat it.
type Destination struct {
	alert.Sender

	Name  string
	Route outbox.RouteOptions
}

// aRobot is what a group robot takes.
func aRobot() outbox.RouteOptions {
	return outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}}
}

// Robots makes the robots that are set, none to two. The secret is that of the
// DingTalk robot and may be missing. Errors name the setting.
func Robots(wecomURL, dingtalkURL, dingtalkSecret *cli.Setting, l alert.Locale) (all []Destination, err error) {
	if wecomURL.Given() {
		robot, err := wecom.New(wecomURL.Text(""), &wecom.Options{Locale: l})
		if err != nil {
			return nil, wecomURL.Refuse("%w", err)
		}
		all = append(all, Destination{robot, "wecom", aRobot()})
	}
	if dingtalkURL.Given() {
		robot, err := dingtalk.New(dingtalkURL.Text(""), &dingtalk.Options{Locale: l, Secret: dingtalkSecret.Text("")})
		if err != nil {
			return nil, dingtalkURL.Refuse("%w", err)
		}
		all = append(all, Destination{robot, "dingtalk", aRobot()})
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

// Close closes those that can be closed.
func Close(all []Destination) error {
	var errs []error
	for _, d := range all {
		if c, ok := d.Sender.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
