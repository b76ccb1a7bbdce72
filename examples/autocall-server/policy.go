package main

import (
	"errors"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/wecom"
)

// judgePolicy reads who may be rung when.
func (c *config) judgePolicy(f *form) error {
	var rules []autocall.Policy
	if f.quiet.origin != "" {
		from, to, err := parseHours(f.quiet.text(""))
		if err != nil {
			return f.quiet.refuse("%w", err)
		}
		rules = append(rules, autocall.QuietHours(from, to, time.Local, alert.Critical))
	}
	if blocked := f.block.list(); len(blocked) > 0 {
		rules = append(rules, autocall.Blocklist(blocked...))
	}
	if len(rules) > 0 {
		c.queue.Policy = autocall.Policies(rules...)
	}
	return nil
}

// parseHours reads 22:00-08:00.
func parseHours(s string) (from, to time.Duration, err error) {
	first, second, found := strings.Cut(s, "-")
	for _, side := range []struct {
		text string
		to   *time.Duration
	}{{first, &from}, {second, &to}} {
		at, failed := time.Parse("15:04", strings.TrimSpace(side.text))
		if !found || failed != nil {
			return 0, 0, errors.New("not of the form 22:00-08:00")
		}
		*side.to = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	if from == to {
		return 0, 0, errors.New("both times are the same")
	}
	return from, to, nil
}

// judgeReport makes the robots that tell groups what became of calls.
func (c *config) judgeReport(f *form) (err error) {
	if c.locale, err = alert.ParseLocale(f.locale.text("zh")); err != nil {
		return f.locale.refuse("not zh, en or ja")
	}
	var robots []alert.Sender
	if f.wecomURL.origin != "" {
		robot, err := wecom.New(f.wecomURL.text(""), &wecom.Options{Locale: c.locale})
		if err != nil {
			return f.wecomURL.refuse("%w", err)
		}
		robots = append(robots, robot)
	}
	if f.dingtalkURL.origin != "" {
		robot, err := dingtalk.New(f.dingtalkURL.text(""), &dingtalk.Options{Locale: c.locale, Secret: f.dingtalkSecret.text("")})
		if err != nil {
			return f.dingtalkURL.refuse("%w", err)
		}
		robots = append(robots, robot)
	} else if f.dingtalkSecret.origin != "" {
		return f.dingtalkSecret.refuse("there is no -report-dingtalk-url")
	}
	switch len(robots) {
	case 0:
	case 1:
		c.report = robots[0]
	default:
		c.report = alert.Fanout(robots...)
	}
	return nil
}
