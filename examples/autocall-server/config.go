package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// A config is what the operator asked for.
type config struct {
	listen     string
	phones     []handset
	phonesMade bool // the token was made for this run
	adminToken string
	adminMade  bool
	db         database
	queue      autocall.QueueOptions
	rounds     int           // of calls that do not say
	interval   time.Duration // between their rounds
	report     alert.Sender  // nil: nobody is told
	locale     alert.Locale
}

// A handset is a phone that polls.
type handset struct{ name, token string }

// A form is the table of settings.
type form struct {
	listen, phoneToken, adminToken, db, lease, stepDelay, roundInterval, pollInterval, rounds setting
	wecomURL, dingtalkURL, dingtalkSecret, locale, quiet, block                               setting
}

// minToken is the length, in bytes, of the shortest token.
const minToken = 16

// settings returns the settings in the order of -help.
func (f *form) settings() []*setting {
	all := []*setting{
		&f.listen, &f.phoneToken, &f.adminToken, &f.db, &f.lease, &f.stepDelay, &f.roundInterval, &f.pollInterval, &f.rounds,
		&f.wecomURL, &f.dingtalkURL, &f.dingtalkSecret, &f.locale, &f.quiet, &f.block,
	}
	for i, words := range [][2]string{
		{"listen", "`host:port` to listen on (default 127.0.0.1:8080)"},
		{"phone-token", "`name=token` of a phone, or a token alone; may be repeated. Letters, digits and -._~, at least 16 (default: made for this run)"},
		{"admin-token", "`token` of the admin API and of the page, at least 16 characters (default: made for this run)"},
		{"db", "`file` of the database, or postgres://… or mysql://… if one machine is not enough (default autocall.db)"},
		{"lease", "`how long` a phone may be silent during a call before the call goes to another one (default 3m)"},
		{"step-delay", "`pause` between two steps of a phone, for versions A to C of the app (default none)"},
		{"round-interval", "`pause` between two rounds of a call that does not say (default 1m)"},
		{"poll-interval", "`interval` at which the phones are set to poll (default 10s)"},
		{"rounds", "`number` of rounds of a call that does not say, 1 to 10 (default 1)"},
		{"report-wecom-url", "`URL` of a WeCom robot that tells a group who answered, that nobody did, and that a phone is silent"},
		{"report-dingtalk-url", "`URL` of a DingTalk robot, likewise"},
		{"report-dingtalk-secret", "`secret` that signs what is sent to the DingTalk robot"},
		{"locale", "`language` of the reports: zh, en or ja (default zh)"},
		{"quiet", "`from-to`, such as 22:00-08:00 on this machine's clock: only critical calls ring then"},
		{"block", "`number` that is never rung; may be repeated"},
	} {
		all[i].name, all[i].usage = words[0], words[1]
	}
	f.phoneToken.repeated, f.block.repeated = true, true
	return all
}

// configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered. Its
// errors quote no value: it may be a secret.
func configure(args []string, getenv func(string) string, help io.Writer) (*config, error) {
	var f form
	if err := read(f.settings(), args, getenv, help); err != nil {
		return nil, err
	}
	c := &config{listen: f.listen.text("127.0.0.1:8080")}
	if _, _, err := net.SplitHostPort(c.listen); err != nil {
		return nil, f.listen.refuse("not of the form host:port")
	}
	for _, judge := range []func(*form) error{c.judgeTokens, c.judgeCalls, c.judgePolicy, c.judgeReport} {
		if err := judge(&f); err != nil {
			return nil, err
		}
	}
	var err error
	if c.db, err = parseDatabase(f.db.text("autocall.db")); err != nil {
		return nil, f.db.refuse("%w", err)
	}
	return c, nil
}

// judgeTokens reads the tokens, or makes them.
func (c *config) judgeTokens(f *form) error {
	for i, entry := range f.phoneToken.list() {
		name, token, named := strings.Cut(entry, "=")
		if !named {
			name, token = fmt.Sprintf("phone-%d", i+1), entry
		}
		if slices.ContainsFunc(c.phones, func(h handset) bool { return h.name == name }) {
			return f.phoneToken.refuse("entry %d: another phone has the same name", i+1)
		}
		c.phones = append(c.phones, handset{name, token})
		if _, err := autocall.NewHandler(stub{}, map[string]string{"phone": token}, nil); err != nil {
			return f.phoneToken.refuse("entry %d: want a token of at least %d letters, digits and -._~, or name=token", i+1, minToken)
		}
	}
	if f.phoneToken.origin != "" && len(c.phones) == 0 {
		return f.phoneToken.refuse("names no phone")
	}
	if c.phonesMade = len(c.phones) == 0; c.phonesMade {
		c.phones = []handset{{"phone-1", rand.Text()}}
	}
	c.adminToken = f.adminToken.text("")
	if c.adminMade = c.adminToken == ""; c.adminMade {
		c.adminToken = rand.Text()
	}
	if len(c.adminToken) < minToken {
		return f.adminToken.refuse("want at least %d characters", minToken)
	}
	for i, h := range c.phones {
		if h.token == c.adminToken {
			return f.phoneToken.refuse("entry %d is the admin token: a phone shows its own", i+1)
		}
	}
	return nil
}

// stub is a queue for [autocall.NewHandler] to judge tokens with.
type stub struct{ autocall.Queue }

// judgeCalls reads how calls are made.
func (c *config) judgeCalls(f *form) (err error) {
	for _, d := range []struct {
		s  *setting
		to *time.Duration
	}{
		{&f.lease, &c.queue.Lease}, {&f.stepDelay, &c.queue.StepDelay}, {&f.pollInterval, &c.queue.PollInterval},
		{&f.roundInterval, &c.interval},
	} {
		if *d.to, err = d.s.duration(); err != nil {
			return err
		}
	}
	if c.interval == 0 {
		c.interval = time.Minute
	}
	if _, err := autocall.NewMemoryQueue(&c.queue); err != nil {
		return usageError{err}
	}
	if c.rounds, err = strconv.Atoi(f.rounds.text("1")); err != nil || c.rounds < 1 || c.rounds > autocall.MaxRounds {
		return f.rounds.refuse("not a number from 1 to %d", autocall.MaxRounds)
	}
	return nil
}
