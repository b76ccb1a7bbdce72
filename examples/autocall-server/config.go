package main

import (
	"io"
	"net"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/callserver"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
)

const about = "Autocall-server lets Android phones with the app AutoCall ring people about\nalerts. See docs/autocall.md.\n\n" +
	"Each flag can be set in the environment: -admin-token as TOCSIN_ADMIN_TOKEN, or as\n" +
	"TOCSIN_ADMIN_TOKEN_FILE with the name of a file that holds the value. What may be\n" +
	"repeated is separated there by commas or stands on a line each.\n\n"

// A form is the table of settings.
type form struct {
	cli.Form

	access httpserver.Settings

	listen, adminListen, phoneToken, adminToken, db, lease, stepDelay, roundInterval, pollInterval, rounds *cli.Setting
	forward, keyword                                                                                       *cli.Setting
	wecomURL, dingtalkURL, dingtalkSecret, locale, quiet, block                                            *cli.Setting
}

func newForm() *form {
	f := &form{Form: cli.Form{Program: "autocall-server", About: about}}
	f.listen = f.Text("listen", "`host:port` to listen on (default 127.0.0.1:8080)")
	f.adminListen = f.Text("admin-listen", "`host:port` of the admin API and of the page, which then are not where the phones poll (default: as -listen)")
	f.access = httpserver.NewSettings(&f.Form, false)
	f.phoneToken = f.List("phone-token", "`name=token` of a phone, or a token alone; may be repeated. Letters, digits and -._~, at least 16 (default: made for this run)")
	f.adminToken = f.Text("admin-token", "`token` of the admin API and of the page, at least 16 characters (default: made for this run)")
	f.db = f.Text("db", "`file` of the database, or postgres://… or mysql://… if one machine is not enough (default autocall.db)")
	f.lease = f.Text("lease", "`how long` a phone may be silent during a call before the call goes to another one (default 3m)")
	f.stepDelay = f.Text("step-delay", "`pause` between two steps of a phone, for versions A to C of the app (default none)")
	f.roundInterval = f.Text("round-interval", "`pause` between two rounds of a call that does not say (default 1m)")
	f.pollInterval = f.Text("poll-interval", "`interval` at which the phones are set to poll (default 10s)")
	f.rounds = f.Text("rounds", "`number` of rounds of a call that does not say, 1 to 10 (default 1)")
	f.wecomURL = f.Text("report-wecom-url", "`URL` of a WeCom robot that tells a group who answered, that nobody did, and that a phone is silent")
	f.dingtalkURL = f.Text("report-dingtalk-url", "`URL` of a DingTalk robot, likewise")
	f.dingtalkSecret = f.Text("report-dingtalk-secret", "`secret` that signs what is sent to the DingTalk robot")
	f.locale = f.Text("locale", "`language` of the reports: zh, en or ja (default zh)")
	f.quiet = f.Text("quiet", "`from-to`, such as 22:00-08:00 on this machine's clock: only critical calls ring then")
	f.block = f.List("block", "`number` that is never rung; may be repeated")
	f.forward = f.Text("forward", "`number` of who is on duty: print the SMS that forwards a phone's calls there (China Telecom), and the one that ends it, and do nothing else")
	f.keyword = f.Text("keyword", "`word` that the app looks for in an SMS: autocall in its first version (default alertcall)")
	return f
}

// configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered. Its
// errors quote no value: it may be a secret.
func configure(args []string, getenv func(string) string, help io.Writer) (*callserver.Config, error) {
	f := newForm()
	if err := f.Read(args, getenv, help); err != nil {
		return nil, err
	}
	c := &callserver.Config{Listen: f.listen.Text("127.0.0.1:8080")}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return nil, f.listen.Refuse("not of the form host:port")
	}
	if c.Admin = f.adminListen.Text(""); f.adminListen.Given() {
		if _, _, err := net.SplitHostPort(c.Admin); err != nil {
			return nil, f.adminListen.Refuse("not of the form host:port")
		}
	}
	if err := c.ReadTokens(f.phoneToken, f.adminToken); err != nil {
		return nil, err
	}
	for _, judge := range []func(*callserver.Config) error{f.judgeCalls, f.judgePolicy} {
		if err := judge(c); err != nil {
			return nil, err
		}
	}
	var err error
	if c.Access, err = f.access.Read(); err != nil {
		return nil, err
	}
	if c.DB, err = opendb.Parse(f.db.Text("autocall.db")); err != nil {
		return nil, f.db.Refuse("%w", err)
	}
	return c, nil
}

// judgeCalls reads how calls are made.
func (f *form) judgeCalls(c *callserver.Config) (err error) {
	for _, d := range []struct {
		s         *cli.Setting
		to        *time.Duration
		otherwise time.Duration
	}{
		{f.lease, &c.Queue.Lease, 0}, {f.stepDelay, &c.Queue.StepDelay, 0}, {f.pollInterval, &c.Queue.PollInterval, 0},
		{f.roundInterval, &c.Interval, time.Minute},
	} {
		if *d.to, err = d.s.Duration(d.otherwise); err != nil {
			return err
		}
	}
	if _, err := autocall.NewMemoryQueue(&c.Queue); err != nil {
		return cli.UsageError{Err: err}
	}
	c.Rounds, err = f.rounds.Number(1, 1, autocall.MaxRounds)
	return err
}
