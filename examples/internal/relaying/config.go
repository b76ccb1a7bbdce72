package relaying

import (
	"cmp"
	"io"
	"time"
	_ "time/tzdata" // zones by name on machines and images without zone data

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
)

// A Config is what the operator asked for, judged and complete.
type Config struct {
	// Sample is the callback that -demo sends, as CloudMonitor sends it.
	Sample []byte

	listen     string
	secrets    callbacks.Secrets
	access     httpserver.Access
	locale     alert.Locale
	zone       *time.Location
	capture    string
	wecom      wecomConfig
	dingtalk   dingtalkConfig
	trap       trapConfig
	db         database
	bounds     outbox.Options
	lease      time.Duration // of a destination, by one of several relays; 0: default
	admin      adminConfig
	paused     bool
	test, demo bool

	reread func() (*Config, error) // from the same flags, environment and files
}

// noDestination reports that nothing real was configured, in which case the
// relay shows what it would deliver.
func (c *Config) noDestination() bool {
	return len(c.wecom.urls)+len(c.dingtalk.urls)+len(c.trap.targets) == 0
}

const about = "Relay brings callbacks of CloudMonitor and of OceanBase OCP to WeCom and DingTalk\ngroups and to SNMP consoles.\n\n" +
	"Each flag can be set in the environment: -wecom-url as TOCSIN_WECOM_URL, or as\n" +
	"TOCSIN_WECOM_URL_FILE with the name of a file that holds the value. What may be\n" +
	"repeated is separated there by commas or stands on a line each.\n\n"

// A form is the table of all settings.
type form struct {
	cli.Form

	access                                     httpserver.Settings
	bounds                                     opendb.Bounds
	listen, secret                             *cli.Setting
	wecomURL, wecomMention, wecomRate          *cli.Setting
	dingURL, dingSecret, dingKeyword           *cli.Setting
	dingAt, dingRate                           *cli.Setting
	target, community, baseOID, layout         *cli.Setting
	inform, v1, source, trapRate               *cli.Setting
	user, authPassword, privPassword, engine   *cli.Setting
	db, lease, adminListen, adminToken, paused *cli.Setting
	locale, timezone, capture, test, demonstr  *cli.Setting
}

// newForm returns the empty form, in the order of -help.
func newForm() *form {
	f := &form{Form: cli.Form{Program: "relay", About: about, NameUnknown: true}}
	f.listen = f.Text("listen", "`host:port` to listen on (default 127.0.0.1:8080)")
	f.secret = f.List("callback-secret", callbacks.Usage)
	f.access = httpserver.NewSettings(&f.Form, true)
	f.wecomURL = f.List("wecom-url", "webhook `URL` of a WeCom group robot, on any host, or its bare key; may be repeated")
	f.wecomMention = f.List("wecom-mention", "`userid` of a member to mention in each message; may be repeated")
	f.wecomRate = f.Text("wecom-rate", "`messages` a minute that each of these robots may send, 0 for no limit (default 20)")
	f.dingURL = f.List("dingtalk-url", "webhook `URL` of a DingTalk group robot, on any host, or its bare access_token; may be repeated")
	f.dingSecret = f.List("dingtalk-secret", "signing `secret` (SEC...) of a robot: one for each -dingtalk-url, in the same order, and - for a robot that does not sign")
	f.dingKeyword = f.Text("dingtalk-keyword", "`word` that the security settings of these robots ask for; added to messages that lack it")
	f.dingAt = f.List("dingtalk-at", "`whom` to mention in each message: a mobile number (11 digits, or +852-12345678), a userid, or all; may be repeated")
	f.dingRate = f.Text("dingtalk-rate", "`messages` a minute that each of these robots may send, 0 for no limit (default 20)")
	f.target = f.List("trap-target", "`host:port` of a receiver of SNMP traps; may be repeated")
	f.community = f.Text("trap-community", "`community` of the traps")
	f.baseOID = f.Text("trap-base-oid", "`OID` under which the traps and their objects stand")
	f.layout = f.Text("trap-layout", "`seed` for values with labels such as level:WARN, or full (default seed)")
	f.inform = f.Toggle("trap-inform", "send informs, which the receivers acknowledge, in place of traps: a receiver that does not answer is sent them again")
	f.v1 = f.Toggle("trap-v1", "send SNMPv1 traps, for consoles that know nothing newer")
	f.source = f.Text("trap-source", "`address` to send traps from, or the network interface that has it, by which consoles tell hosts apart")
	f.trapRate = f.Text("trap-rate", "`traps` a second to each receiver, 0 for no limit (default 1000): receivers drop, without a word, what their buffer has no room for")
	f.user = f.Text("trap-v3-user", "SNMPv3 `user` in place of the community: name, name:SHA256 or name:SHA256:AES, or with the other protocols of docs/snmp")
	f.authPassword = f.Text("trap-v3-auth-password", "`password` of authentication of this user")
	f.privPassword = f.Text("trap-v3-priv-password", "`password` of encryption of this user")
	f.engine = f.Text("trap-v3-engine-file", "`file` that keeps the SNMPv3 engine ID of this relay, which receivers of traps have to be told")
	f.db = f.Text("db", "where alerts are kept until they are delivered: the name of a `file`, postgres://… or mysql://… for several relays, or memory (default "+fileName+" beside this program)")
	f.bounds = opendb.NewBounds(&f.Form)
	f.lease = f.Text("lease", "`how long` nobody delivers to a destination after the relay that did so has died; a message may take half of it (default 30s)")
	f.adminListen = f.Text("admin-listen", "`host:port` of the admin API, which lists, moves, requeues and drops alerts under /outbox/, and of the metrics at /metrics (default: none)")
	f.adminToken = f.Text("admin-token", "`token` of the admin API, at least 16 characters, which every request must carry; obligatory where others than this machine can reach it")
	f.paused = f.Toggle("paused", "pause every destination, also after a restart, until the admin API resumes it: for a restored database")
	f.locale = f.Text("locale", "`language` of the words that the relay adds: zh, en or ja (default zh)")
	f.timezone = f.Text("timezone", "time `zone` in which times are shown, always with their offset (default Asia/Shanghai)")
	f.capture = f.Text("capture", "append time, caller, method and body of each callback to this `file`; they hold personal data")
	f.test = f.Toggle("test", "send one marked alert to every destination, print each outcome and exit")
	f.demonstr = f.Toggle("demo", "send a captured callback through the relay to stand-ins, print what they got and exit")
	return f
}

// Configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered.
func Configure(args []string, getenv func(string) string, help io.Writer) (*Config, error) {
	f := newForm()
	if err := f.Read(args, getenv, help); err != nil {
		return nil, err
	}
	c := &Config{test: f.test.On(), demo: f.demonstr.On(), reread: func() (*Config, error) { return Configure(args, getenv, io.Discard) }}
	for _, judge := range []func(*form) error{c.judgeServer, c.judgeWecom, c.judgeDingtalk, c.judgeTrap, c.judgeDatabase, c.judgeLease, c.judgeAdmin, c.judgeWording, c.judgeMode} {
		if err := judge(f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Config) judgeWording(f *form) (err error) {
	if f.locale.Given() {
		if c.locale, err = alert.ParseLocale(f.locale.Text("")); err != nil {
			return f.locale.Refuse("not zh, en or ja")
		}
	}
	if c.zone, err = time.LoadLocation(cmp.Or(f.timezone.Text(""), "Asia/Shanghai")); err != nil {
		return f.timezone.Refuse("no such zone; write it like Asia/Tokyo, UTC, or Local for that of this machine")
	}
	c.capture = f.capture.Text("")
	return nil
}

// judgeMode refuses what cannot be meant: a demonstration before a real group,
// a test of nothing, and settings of a destination that is not there.
func (c *Config) judgeMode(f *form) error {
	switch {
	case c.demo && c.test:
		return f.demonstr.Refuse("not together with -test")
	case c.demo && !c.noDestination():
		return f.demonstr.Refuse("shows stand-ins, but a real destination is configured; use -test to try that one")
	case c.test && c.noDestination():
		return f.test.Refuse("no destination is configured; set -wecom-url, -dingtalk-url or -trap-target")
	case c.noDestination() && c.db.Dialect != "" && f.db.Given():
		return f.db.Refuse("has no effect without a destination: stand-ins leave nothing behind")
	case c.noDestination():
		return nil
	}
	for _, kind := range []struct {
		absent bool
		flag   string
		rest   []*cli.Setting
	}{
		{len(c.wecom.urls) == 0, "-wecom-url", []*cli.Setting{f.wecomMention, f.wecomRate}},
		{len(c.dingtalk.urls) == 0, "-dingtalk-url", []*cli.Setting{f.dingKeyword, f.dingAt, f.dingRate}},
		{len(c.trap.targets) == 0, "-trap-target", []*cli.Setting{f.community, f.baseOID, f.layout, f.inform, f.v1, f.source, f.trapRate, f.user, f.authPassword, f.privPassword, f.engine}},
	} {
		for _, s := range kind.rest {
			if kind.absent && s.Given() {
				return s.Refuse("has no effect without %s", kind.flag)
			}
		}
	}
	return nil
}
