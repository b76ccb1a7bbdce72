package ocpchannel

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A setting is what can be set under one name.
type setting struct {
	name, usage   string
	secret        bool // it may not stand on a command line, which everybody can read
	private       bool // it is not read from the environment
	value, origin string
}

// The settings by name.
const (
	dingtalkURL     = "dingtalk-url"
	dingtalkSecret  = "dingtalk-secret"
	dingtalkKeyword = "dingtalk-keyword"
	wecomURL        = "wecom-url"
	body            = "body"
	state           = "state"
	repeat          = "repeat"
	locale          = "locale"
	timeout         = "timeout"
	proxy           = "proxy"
)

// settings holds all of them, in the order of -help.
type settings []*setting

func newSettings() settings {
	return settings{
		{name: dingtalkURL, secret: true, usage: "webhook URL of a DingTalk group robot, on any host, or its bare access_token"},
		{name: dingtalkSecret, secret: true, usage: "signing secret (SEC...) of that robot, if it signs"},
		{name: dingtalkKeyword, usage: "word that the security settings of that robot ask for"},
		{name: wecomURL, secret: true, usage: "webhook URL of a WeCom group robot, on any host, or its bare key"},
		{name: body, usage: "card for a card of the alarm's fields (default), message for the text of OCP's template"},
		{name: state, usage: "path of files, with the suffixes .dingtalk and .wecom, that remember what was told: an alarm that lasts is told once"},
		{name: repeat, usage: "with state: tell it again after this time, such as 10m (default 1h)"},
		{name: timeout, usage: "how long sending may take, if OCP waits for less than 10 s (default and most 8s)"},
		{name: proxy, private: true, usage: "address of an HTTP proxy, such as http://proxy:3128; only here or as a flag, since OCP puts what alarms say into the environment"},
		{name: locale, usage: "language of the words in a card: zh, en or ja (default zh)"},
	}
}

// get returns the setting of that name, which exists.
func (s settings) get(name string) *setting {
	for _, one := range s {
		if one.name == name {
			return one
		}
	}
	return &setting{}
}

// time returns the value of a setting that was judged, or what counts if it is
// not set.
func (s *setting) time(otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(s.value); err == nil {
		return d
	}
	return otherwise
}

// refuse names the place where a value came from, never the value.
func (s *setting) refuse(format string, args ...any) error {
	return fmt.Errorf("%s: %w", s.origin, fmt.Errorf(format, args...))
}

// readSettings reads the flags, then the file, then the environment. The file
// comes before the environment, other than usual: OCP fills that with what
// alarms say, which must not decide where they go.
func readSettings(args []string, getenv func(string) string, file string) (settings, error) {
	s := newSettings()
	flags := flag.NewFlagSet("ocp-dingtalk", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	config := flags.String("config", "", "")
	for _, one := range s {
		if !one.secret {
			flags.StringVar(&one.value, one.name, "", one.usage)
		}
	}
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return nil, errors.New("an argument is no flag of this program, see -help")
	}
	for _, one := range s {
		if one.value != "" {
			one.origin = "-" + one.name
		}
	}
	if err := s.fromFiles(*config, file); err != nil {
		return nil, fmt.Errorf("the file of settings: %w", err)
	}
	for _, one := range s {
		if one.origin == "" && !one.private {
			if err := one.fromEnv(getenv); err != nil {
				return nil, err
			}
		}
	}
	return s, s.judge()
}

// fromFiles reads the file that was asked for, or else the one beside the
// program, which may be missing.
func (s settings) fromFiles(asked, beside string) error {
	if asked != "" {
		beside = asked
	}
	text, err := readPrivate(beside)
	switch {
	case errors.Is(err, fs.ErrNotExist) && asked == "":
		return nil
	case err != nil:
		return err
	}
	return s.fromFile(text)
}

// fromEnv reads the variable of a setting, or the file that its twin names.
func (s *setting) fromEnv(getenv func(string) string) (err error) {
	name := "TOCSIN_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
	if s.value = strings.TrimSpace(getenv(name)); s.value != "" {
		s.origin = name
	} else if path := getenv(name + "_FILE"); path != "" {
		s.origin = name + "_FILE"
		if s.value, err = readPrivate(path); err != nil {
			return s.refuse("%w", err)
		}
		s.value = strings.TrimSpace(s.value)
	}
	return nil
}

// fromFile reads lines of name = value for what is not set yet.
func (s settings) fromFile(text string) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		one := s.get(strings.TrimSpace(name))
		switch {
		case !found || one.name == "":
			return fmt.Errorf("line %d is not \"name = value\" with a name from -help", number)
		case one.origin == "":
			one.value, one.origin = strings.TrimSpace(value), fmt.Sprintf("line %d of the file of settings", number)
		}
	}
	return nil
}

// judge refuses what cannot be meant.
func (s settings) judge() error {
	if s.get(dingtalkURL).value == "" && s.get(wecomURL).value == "" {
		return errors.New("no robot is set: put dingtalk-url or wecom-url into ocp-dingtalk.conf beside the program")
	}
	if b := s.get(body); b.value != "" && b.value != "card" && b.value != "message" {
		return b.refuse("neither card nor message")
	}
	for _, one := range []*setting{s.get(repeat), s.get(timeout)} {
		if d, err := time.ParseDuration(one.value); one.value != "" && (err != nil || d <= 0) {
			return one.refuse("not a time such as 10m or 5s")
		}
	}
	if r := s.get(repeat); r.value != "" && s.get(state).value == "" {
		return r.refuse("has no effect without state")
	}
	if l := s.get(locale); l.value != "" {
		if _, err := alert.ParseLocale(l.value); err != nil {
			return l.refuse("not zh, en or ja")
		}
	}
	return nil
}
