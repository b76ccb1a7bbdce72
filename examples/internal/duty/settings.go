package duty

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

const about = "Phone-escalation tells a group at once, then calls by Kompira Pigeon, then has\n" +
	"AutoCall phones ring people, until somebody takes the problem: by the link in the\n" +
	"group, by a key, or where there is no link by picking up. See docs/escalation.md.\n\n" +
	"Each flag can be set in the environment: -wecom-url as TOCSIN_WECOM_URL, or as\nTOCSIN_WECOM_URL_FILE with the name of a file that holds the value.\n\n"

// maxName bounds the name of an escalation, of which its routes are named.
const maxName = 40

// A form is the table of settings.
type form struct {
	cli.Form

	access httpserver.Settings
	bounds opendb.Bounds

	name, listen, secret, public, db, locale, least, wecom, dingtalk, dingtalkSecret, lease *cli.Setting
	patience, repeat, takenFor, within                                                      *cli.Setting
	space, token, callflow, guidance, take, pigeonAfter                                     *cli.Setting
	call, phoneToken, callAfter, rounds, rota, pageToken, testCall, rehearse, rehearseAt    *cli.Setting
}

func newForm() *form {
	f := &form{Form: cli.Form{Program: "phone-escalation", About: about}}
	f.name = f.Text("name", "`name` of the escalation; programs for several teams on one database have different ones (default duty)")
	f.listen = f.Text("listen", "`host:port` to listen on (default 127.0.0.1:8080)")
	f.secret = f.List("callback-secret", callbacks.Usage)
	f.access = httpserver.NewSettings(&f.Form, true)
	f.public = f.Text("public-url", "`URL` at which people reach this program, for the link in the group (default: no link)")
	f.db = f.Text("db", "`file` of the database, or postgres://… or mysql://… (default phone-escalation.db)")
	f.bounds = opendb.NewBounds(&f.Form)
	f.locale = f.Text("locale", "`language` of texts and page: zh, en or ja (default zh)")
	f.least = f.Text("severity", "least `severity` that is escalated: info, notice, warning or critical (default warning)")
	f.wecom = f.Text("wecom-url", "webhook `URL` of the WeCom robot of the group, or its key")
	f.dingtalk = f.Text("dingtalk-url", "webhook `URL` of a DingTalk robot, or its access_token")
	f.dingtalkSecret = f.Text("dingtalk-secret", "signing `secret` of the DingTalk robot")
	f.lease = f.Text("lease", "`time` after a crash until deliveries go on (default 20s)")
	f.patience = f.Text("patience", "`time` after the last step until the group hears that nobody took it (default 30m)")
	f.repeat = f.Text("repeat", "`time` after which the last step is taken again until somebody takes the problem, at least 1m (default: never)")
	f.takenFor = f.Text("taken-for", "`time` after which a problem that was taken and is not over begins again, at least 1m (default: never)")
	f.within = f.Text("take-within", "`time` that a person who picked up an AutoCall phone has to take the problem by the link, before the next one is rung (default 1m)")
	f.space = f.Text("pigeon-space", "`id` of the space at Kompira Pigeon, or a base URL (default: no such step)")
	f.token = f.Text("pigeon-token", "API `token` of the space, best as TOCSIN_PIGEON_TOKEN_FILE")
	f.callflow = f.Text("pigeon-callflow", "`id` of the call flow: whom to call")
	f.guidance = f.Text("pigeon-guidance", "`id` of the guidance: what to say; it may use {{text}}")
	f.take = f.List("pigeon-take", "`key` that takes the problem; may be repeated (default: each one that ends the chain)")
	f.pigeonAfter = f.Text("pigeon-after", "`time` until the call (default 5m)")
	f.call = f.List("call", "`name=number` of somebody whom the AutoCall phones ring, in order; may be repeated (default: no such step)")
	f.phoneToken = f.Text("phone-token", "`token` in the URL that the AutoCall phone polls, at least 16 characters")
	f.callAfter = f.Text("call-after", "`time` until they ring (default 10m)")
	f.rota = f.Text("rota", "`file` that says who of these people is on duty when: iCalendar, or lines such as \"mon-fri 09:00-21:00 Li, Wang\", see docs/escalation.md (default: all, always)")
	f.pageToken = f.Text("page-token", "`token` of the page of incidents, which is at /incidents/token, at least 16 characters (default: no page)")
	f.testCall = f.Toggle("test-call", "ring who is on duty now, with a test text, tell how it went, and end")
	f.rehearse = f.Text("rehearse", "`file` with a callback, or with alerts as JSON: print who would be told and rung, when and why, send nothing, and end")
	f.rehearseAt = f.Text("rehearse-at", "`time` at which they come, such as 2026-12-24T23:00:00+08:00 (default: now)")
	f.rounds = f.Text("call-rounds", "`number` of rounds over these people, 1 to 10 (default 2)")
	return f
}

// A Job is what the program is started for.
type Job struct {
	*Config

	log    *slog.Logger
	test   bool // a test call
	alerts []alert.Alert
	at     time.Time // at which these come; zero: there is nothing to rehearse
}

// Run does it until it is done, or until ctx ends.
func (j *Job) Run(ctx context.Context, stdout io.Writer) error {
	switch {
	case !j.at.IsZero():
		return Rehearse(j.Config, j.alerts, j.at, stdout)
	case j.test:
		return TestCall(ctx, j.Config, j.log, stdout)
	}
	return Serve(ctx, j.Config, j.log, stdout)
}

// Configure reads and judges everything before the program listens. Its errors
// quote no value: it may be a secret.
func Configure(args []string, getenv func(string) string, help io.Writer, log *slog.Logger) (*Job, error) {
	f := newForm()
	if err := f.Read(args, getenv, help); err != nil {
		return nil, err
	}
	c := &Config{Name: f.name.Text("duty"), Listen: f.listen.Text("127.0.0.1:8080")}
	if len(c.Name) > maxName || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || c.Name == "" {
		return nil, f.name.Refuse("want 1 to %d lower-case letters, digits and hyphens", maxName)
	}
	for _, judge := range []func(*Config) error{
		f.judgeRest, f.judgeTimes, f.judgePigeon, func(c *Config) error { return f.judgeCalls(c, log) },
	} {
		if err := judge(c); err != nil {
			return nil, err
		}
	}
	if len(c.Robots) == 0 && c.Client == nil && c.Roster == nil {
		return nil, f.wecom.Refuse("there is nobody to tell: set -wecom-url, -dingtalk-url, -pigeon-space or -call")
	}
	j := &Job{Config: c, log: log, test: f.testCall.On()}
	return j, f.judgeRehearsal(j)
}

// judgeRehearsal reads what is to be rehearsed, if anything.
func (f *form) judgeRehearsal(j *Job) error {
	if !f.rehearse.Given() {
		return nil
	}
	file, err := os.ReadFile(f.rehearse.Text(""))
	if err != nil {
		return f.rehearse.Refuse("%w", cli.WithoutPath(err))
	}
	if j.alerts, err = ReadAlerts(file, j.Locale); err != nil {
		return f.rehearse.Refuse("%w", err)
	}
	if j.at = time.Now(); f.rehearseAt.Given() {
		if j.at, err = time.Parse(time.RFC3339, f.rehearseAt.Text("")); err != nil {
			return f.rehearseAt.Refuse("want a time such as 2026-12-24T23:00:00+08:00")
		}
	}
	return nil
}

func (f *form) judgeTimes(c *Config) (err error) {
	for _, d := range []struct {
		s         *cli.Setting
		to        *time.Duration
		otherwise time.Duration
	}{
		{f.lease, &c.Lease, 20 * time.Second}, {f.patience, &c.Patience, 30 * time.Minute},
		{f.repeat, &c.Repeat, 0}, {f.takenFor, &c.TakenFor, 0}, {f.within, &c.Within, time.Minute},
		{f.pigeonAfter, &c.PigeonAfter, 5 * time.Minute}, {f.callAfter, &c.CallAfter, 10 * time.Minute},
	} {
		if *d.to, err = d.s.Duration(d.otherwise); err != nil {
			return err
		}
	}
	return nil
}

func (f *form) judgeRest(c *Config) (err error) {
	if c.Secrets, err = callbacks.Read(f.secret); err != nil {
		return err
	}
	if c.Access, err = f.access.Read(); err != nil {
		return err
	}
	if c.DB, err = opendb.Parse(f.db.Text("phone-escalation.db")); err != nil {
		return f.db.Refuse("%w", err)
	}
	if c.Outbox, err = f.bounds.Read(); err != nil {
		return err
	}
	if c.Locale, err = alert.ParseLocale(f.locale.Text("zh")); err != nil {
		return f.locale.Refuse("not zh, en or ja")
	}
	var known bool
	if c.Least, known = alert.ParseSeverity(f.least.Text("warning")); !known {
		return f.least.Refuse("not info, notice, warning or critical")
	}
	if c.Public = strings.TrimSuffix(f.public.Text(""), "/"); c.Public != "" {
		u, err := url.Parse(c.Public)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
			return f.public.Refuse("want https://host or https://host/path")
		}
	}
	if c.PageToken = f.pageToken.Text(""); f.pageToken.Given() && (inbound.CheckSecret(c.PageToken) != nil || cli.Weak(c.PageToken)) {
		return f.pageToken.Refuse("want at least %d letters, digits and -._~ that are not easily guessed", inbound.MinSecret)
	}
	c.Robots, err = destinations.Robots(f.wecom, f.dingtalk, f.dingtalkSecret, c.Locale)
	return err
}
