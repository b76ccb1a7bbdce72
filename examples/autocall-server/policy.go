package main

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/callserver"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
)

// judgePolicy reads who may be rung when, and who is told.
func (f *form) judgePolicy(c *callserver.Config) error {
	var rules []autocall.Policy
	if f.quiet.Given() {
		from, to, err := f.quiet.Hours()
		if err != nil {
			return err
		}
		rules = append(rules, autocall.QuietHours(from, to, time.Local, alert.Critical))
	}
	if blocked := f.block.List(); len(blocked) > 0 {
		rules = append(rules, autocall.Blocklist(blocked...))
	}
	if len(rules) > 0 {
		c.Queue.Policy = autocall.Policies(rules...)
	}
	var err error
	if c.Locale, err = alert.ParseLocale(f.locale.Text("zh")); err != nil {
		return f.locale.Refuse("not zh, en or ja")
	}
	robots, err := destinations.Robots(f.wecomURL, f.dingtalkURL, f.dingtalkSecret, c.Locale)
	c.Report = destinations.Join(robots)
	return err
}
