package main

import (
	"io"
	"os"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/check"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/examples/internal/probe"
)

const about = "Agent looks at disks and at addresses that answer HTTP, and tells groups and\n" +
	"consoles when a problem has lasted for some looks, when it is over, and when it can\n" +
	"no longer see. Without a destination it prints what it would tell.\n\n" +
	"Each flag can be set in the environment: -wecom-url as TOCSIN_WECOM_URL, or as\n" +
	"TOCSIN_WECOM_URL_FILE with the name of a file that holds the value. What may be\n" +
	"repeated is separated there by commas or stands on a line each.\n\n"

// A config is what the operator asked for.
type config struct {
	checks       []check.Check
	looks        check.Options
	destinations []destinations.Destination
	db           opendb.Database
	memory       string // file that remembers what was said
	lease        time.Duration
}

// A form is the table of settings.
type form struct {
	cli.Form

	disk, http, certDays, name, interval, timeout, bad, good, db, lease *cli.Setting
}

func newForm() *form {
	f := &form{Form: cli.Form{Program: "agent", About: about}}
	f.disk = f.List("disk", "`path=percent` used from which on the file system of a path is a warning, or path=warning:critical; may be repeated")
	f.http = f.List("http", "`URL` that must answer 200 to 299, without redirects; a comma in it is written %2C; may be repeated")
	f.certDays = f.Text("cert-days", "warn so many `days` before the certificate of one of these ends (default 0, never)")
	f.name = f.Text("name", "`name` of this machine in alerts (default its host name)")
	f.interval = f.Text("interval", "`time` between two looks (default 1m)")
	f.timeout = f.Text("timeout", "`time` that one look may take (default 10s)")
	f.bad = f.Text("bad", "`number` of bad looks in a row that make an alert (default 2)")
	f.good = f.Text("good", "`number` of good looks in a row that end it (default 2)")
	f.db = f.Text("db", "`file` of what is to be delivered, best on another disk than those that are watched; what was said is remembered beside it (default agent.db)")
	f.lease = f.Text("lease", "`time` after a crash until deliveries go on (default 20s)")
	return f
}

// configure reads and judges everything, so that a mistake ends the program
// before it looks at anything.
func configure(args []string, getenv func(string) string, stdout io.Writer) (c *config, err error) {
	f := newForm()
	told := destinations.AddTo(&f.Form)
	if err := f.Read(args, getenv, stdout); err != nil {
		return nil, err
	}
	c = &config{}
	if c.db, err = opendb.Parse(f.db.Text("agent.db")); err != nil || c.db.Dialect != "sqlite" {
		return nil, f.db.Refuse("want the name of a file; one with = or @ in it is written sqlite:FILE")
	}
	c.memory = c.db.Path + ".said.json"
	if err = f.judgeTimes(c); err != nil {
		return nil, err
	}
	if err = f.judgeChecks(c); err != nil {
		return nil, err
	}
	c.destinations, err = told.Open(stdout)
	return c, err
}

// judgeTimes reads how it looks.
func (f *form) judgeTimes(c *config) (err error) {
	for _, d := range []struct {
		s         *cli.Setting
		to        *time.Duration
		otherwise time.Duration
	}{{f.interval, &c.looks.Interval, time.Minute}, {f.timeout, &c.looks.Timeout, 10 * time.Second}, {f.lease, &c.lease, 20 * time.Second}} {
		if *d.to, err = d.s.Duration(d.otherwise); err != nil {
			return err
		}
	}
	if c.looks.Bad, err = f.bad.Number(2, 1, 100); err != nil {
		return err
	}
	c.looks.Good, err = f.good.Number(2, 1, 100)
	return err
}

// judgeChecks reads at what it looks.
func (f *form) judgeChecks(c *config) error {
	machine, _ := os.Hostname() // "" if it has none
	host := f.name.Text(machine)
	if host == "" {
		return f.name.Refuse("this machine has no host name: give one")
	}
	for i, entry := range f.disk.List() {
		d, err := probe.ParseDisk(entry)
		if err != nil {
			return f.disk.Refuse("entry %d: %w", i+1, err)
		}
		c.checks = append(c.checks, d.Check(host))
	}
	days, err := f.certDays.Number(0, 0, 1000)
	if err != nil {
		return err
	}
	for i, entry := range f.http.List() {
		p := probe.HTTP{URL: entry, CertDays: days}
		if err := p.Validate(); err != nil {
			return f.http.Refuse("entry %d: %w", i+1, err)
		}
		c.checks = append(c.checks, p.Check(host))
	}
	if len(c.checks) == 0 {
		return f.disk.Refuse("there is nothing to look at: set -disk or -http")
	}
	return nil
}
