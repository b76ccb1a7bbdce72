package main

import (
	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/callserver"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
)

// judgePolicy reads who may be rung when, and who is told.
func (f *form) judgePolicy(c *callserver.Config) error {
	policy := alert.RingPolicy{Block: f.block.List()}
	if f.quiet.Given() {
		from, to, err := f.quiet.Hours()
		if err != nil {
			return err
		}
		policy.Quiet = []alert.QuietHours{{From: from, To: to}}
	}
	var err error
	if c.Queue.Ring, err = alert.NewRinger(&policy); err != nil {
		return f.quiet.Refuse("%w", err)
	}
	if c.Locale, err = alert.ParseLocale(f.locale.Text("zh")); err != nil {
		return f.locale.Refuse("not zh, en or ja")
	}
	robots, err := destinations.Robots(f.wecomURL, f.dingtalkURL, f.dingtalkSecret, c.Locale)
	c.Report = destinations.Join(robots)
	return err
}
