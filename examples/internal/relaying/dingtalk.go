package relaying

import (
	"errors"
	"strings"

	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

type dingtalkConfig struct {
	robotConfig
	secrets []string // nil, or one a robot: empty if it does not sign
	keyword string
	at      dingtalk.At
}

func (c *Config) judgeDingtalk(f *form) (err error) {
	d := &c.dingtalk
	if d.robotConfig, err = judgeRobots(f.dingURL, f.dingRate); err != nil {
		return err
	}
	if err := d.judgeSecrets(f.dingSecret); err != nil {
		return err
	}
	d.keyword = f.dingKeyword.Text("")
	if err := tryDingtalk(dingtalk.Options{Keyword: d.keyword}); err != nil {
		return f.dingKeyword.Refuse("%w", err)
	}
	return d.judgeAt(f.dingAt)
}

// judgeSecrets pairs secrets and robots. One secret for all is not taken: each
// robot has its own, and a missing one would show only when an alert is
// refused.
func (d *dingtalkConfig) judgeSecrets(s *cli.Setting) error {
	if !s.Given() {
		return nil
	}
	list := s.List()
	switch {
	case len(d.urls) == 0:
		return s.Refuse("has no effect without -dingtalk-url")
	case len(list) != len(d.urls):
		return s.Refuse("has %d for %d of -dingtalk-url: give one for each, in the same order, and - for a robot that does not sign",
			len(list), len(d.urls))
	}
	for i, secret := range list {
		switch {
		case secret == "-":
			list[i] = ""
		case strings.Contains(secret, "://"):
			return s.Refuse("entry %d is a URL, want the secret that the robot shows under signing", i+1)
		}
	}
	d.secrets = list
	return firstBad(s, len(list), func(n int) error { return tryDingtalk(dingtalk.Options{Secret: list[n-1]}) })
}

// judgeAt sorts whom to mention. Digits alone are a mobile number if they look
// like one of mainland China; userids of digits exist in other lengths.
func (d *dingtalkConfig) judgeAt(s *cli.Setting) error {
	list := s.List()
	return firstBad(s, len(list), func(n int) error {
		switch who := strings.TrimLeft(list[n-1], "@"); {
		case strings.EqualFold(who, "all"):
			d.at.All = true
		case isMobile(who):
			d.at.Mobiles = append(d.at.Mobiles, who)
		default:
			d.at.UserIDs = append(d.at.UserIDs, who)
		}
		return tryDingtalk(dingtalk.Options{At: d.at})
	})
}

// isMobile reports whether s is meant as a mobile number, right or wrong.
func isMobile(s string) bool {
	if strings.Trim(s, "+-0123456789") != "" {
		return false
	}
	return strings.ContainsAny(s, "+-") || len(s) == 11 && s[0] == '1'
}

// tryDingtalk returns what the channel says to options, before it is known
// whether there is a robot.
func tryDingtalk(o dingtalk.Options) error {
	_, err := dingtalk.New("token", &o)
	if e, ok := errors.AsType[*dingtalk.FieldError](err); ok {
		return errors.New(e.Reason) // the field is known from the flag
	}
	return err
}

func (r *relay) addDingtalk() error {
	d := &r.config.dingtalk
	for i, address := range d.urls {
		opts := &dingtalk.Options{
			Locale: r.config.locale, Location: r.config.zone, Keyword: d.keyword, At: d.at, Rate: noLimit, Logger: r.log,
		}
		if d.secrets != nil {
			opts.Secret = d.secrets[i]
		}
		robot, err := dingtalk.New(address, opts)
		if err != nil {
			return d.refuse(i, err)
		}
		d.add(r, i, vendor{"DingTalk", "oapi.dingtalk.com", "/robot/send", "access_token"}, robot)
	}
	return nil
}
