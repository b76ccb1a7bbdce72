package main

import (
	"cmp"
	"crypto/tls"
	"io"
	"net/netip"
	"time"
	_ "time/tzdata" // zones by name on machines and images without zone data

	"github.com/tocsin-go/tocsin/alert"
)

// A config is what the operator asked for, judged and complete.
type config struct {
	listen     string
	secret     string // last segment of the callback's path
	secretMade bool   // by us, so that it must be printed
	allow      []netip.Prefix
	proxies    []netip.Prefix
	cert       *tls.Certificate // nil: plain HTTP
	locale     alert.Locale
	zone       *time.Location
	capture    string
	wecom      wecomConfig
	dingtalk   dingtalkConfig
	trap       trapConfig
	db         database
	lease      time.Duration // of a destination, by one of several relays; 0: default
	admin      adminConfig
	test, demo bool
}

// noDestination reports that nothing real was configured, in which case the
// relay shows what it would deliver.
func (c *config) noDestination() bool {
	return len(c.wecom.urls)+len(c.dingtalk.urls)+len(c.trap.targets) == 0
}

// A form is the list of all settings, by name.
type form struct {
	listen, secret, allow, proxy, cert, key   *setting
	wecomURL, wecomMention, wecomRate         *setting
	dingURL, dingSecret, dingKeyword          *setting
	dingAt, dingRate                          *setting
	target, community, baseOID, layout        *setting
	inform                                    *setting
	db, lease, adminListen, adminToken        *setting
	locale, timezone, capture, test, demonstr *setting
}

// newForm returns the empty form and its settings in the order of -help.
func newForm() (f form, all []*setting) {
	add := func(name string, k kind, usage string) *setting {
		s := &setting{name: name, kind: k, usage: usage}
		all = append(all, s)
		return s
	}
	f.listen = add("listen", single, "`host:port` to listen on (default 127.0.0.1:8080)")
	f.secret = add("callback-secret", single, "callbacks are taken at /aliyun/`secret`; without one, one is made and the URL printed")
	f.allow = add("allow-cidr", repeated, "take callbacks only from this `range`, or from \"aliyun\", the ranges Alibaba Cloud documents; may be repeated")
	f.proxy = add("trusted-proxy", repeated, "believe X-Forwarded-For from proxies in this `range`; may be repeated")
	f.cert = add("tls-cert", single, "`file` with the certificate chain in PEM; with -tls-key, serves HTTPS")
	f.key = add("tls-key", single, "`file` with the private key in PEM")
	f.wecomURL = add("wecom-url", repeated, "webhook `URL` of a WeCom group robot, on any host, or its bare key; may be repeated")
	f.wecomMention = add("wecom-mention", repeated, "`userid` of a member to mention in each message; may be repeated")
	f.wecomRate = add("wecom-rate", single, "`messages` a minute that each of these robots may send, 0 for no limit (default 20)")
	f.dingURL = add("dingtalk-url", repeated, "webhook `URL` of a DingTalk group robot, on any host, or its bare access_token; may be repeated")
	f.dingSecret = add("dingtalk-secret", repeated, "signing `secret` (SEC...) of a robot: one for each -dingtalk-url, in the same order, and - for a robot that does not sign")
	f.dingKeyword = add("dingtalk-keyword", single, "`word` that the security settings of these robots ask for; added to messages that lack it")
	f.dingAt = add("dingtalk-at", repeated, "`whom` to mention in each message: a mobile number (11 digits, or +852-12345678), a userid, or all; may be repeated")
	f.dingRate = add("dingtalk-rate", single, "`messages` a minute that each of these robots may send, 0 for no limit (default 20)")
	f.target = add("trap-target", repeated, "`host:port` of a receiver of SNMP traps; may be repeated")
	f.community = add("trap-community", single, "`community` of the traps")
	f.baseOID = add("trap-base-oid", single, "`OID` under which the traps and their objects stand")
	f.layout = add("trap-layout", single, "`seed` for values with labels such as level:WARN, or full (default seed)")
	f.inform = add("trap-inform", toggle, "send informs, which the receivers acknowledge, in place of traps: a receiver that does not answer is sent them again")
	f.db = add("db", single, "where alerts are kept until they are delivered: the name of a `file`, postgres://… or mysql://… for several relays, or memory (default "+fileName+" beside this program)")
	f.lease = add("lease", single, "`how long` nobody delivers to a destination after the relay that did so has died; a message may take half of it (default 30s)")
	f.adminListen = add("admin-listen", single, "`host:port` of the admin API, which lists, requeues and drops dead letters under /outbox/ (default: none)")
	f.adminToken = add("admin-token", single, "`token` of the admin API, at least 16 characters, which every request must carry; obligatory where others than this machine can reach it")
	f.locale = add("locale", single, "`language` of the words that the relay adds: zh, en or ja (default zh)")
	f.timezone = add("timezone", single, "time `zone` in which times are shown, always with their offset (default Asia/Shanghai)")
	f.capture = add("capture", single, "append time, caller, method and body of each callback to this `file`; they hold personal data")
	f.test = add("test", toggle, "send one marked alert to every destination, print each outcome and exit")
	f.demonstr = add("demo", toggle, "send a captured callback through the relay to stand-ins, print what they got and exit")
	return f, all
}

// configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered.
func configure(args []string, getenv func(string) string, help io.Writer) (*config, error) {
	f, all := newForm()
	if err := read(all, args, getenv, help); err != nil {
		return nil, err
	}
	c := &config{test: f.test.text() == "true", demo: f.demonstr.text() == "true"}
	for _, judge := range []func(*form) error{c.judgeServer, c.judgeTLS, c.judgeWecom, c.judgeDingtalk, c.judgeTrap, c.judgeDatabase, c.judgeLease, c.judgeAdmin, c.judgeWording, c.judgeMode} {
		if err := judge(&f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *config) judgeWording(f *form) (err error) {
	if f.locale.origin != "" {
		if c.locale, err = alert.ParseLocale(f.locale.text()); err != nil {
			return f.locale.refuse("not zh, en or ja")
		}
	}
	if c.zone, err = time.LoadLocation(cmp.Or(f.timezone.text(), "Asia/Shanghai")); err != nil {
		return f.timezone.refuse("no such zone; write it like Asia/Tokyo, UTC, or Local for that of this machine")
	}
	c.capture = f.capture.text()
	return nil
}

// judgeMode refuses what cannot be meant: a demonstration before a real group,
// a test of nothing, and settings of a destination that is not there.
func (c *config) judgeMode(f *form) error {
	switch {
	case c.demo && c.test:
		return f.demonstr.refuse("not together with -test")
	case c.demo && !c.noDestination():
		return f.demonstr.refuse("shows stand-ins, but a real destination is configured; use -test to try that one")
	case c.test && c.noDestination():
		return f.test.refuse("no destination is configured; set -wecom-url, -dingtalk-url or -trap-target")
	case c.noDestination() && c.db.dialect != "" && f.db.origin != "":
		return f.db.refuse("has no effect without a destination: stand-ins leave nothing behind")
	case c.noDestination():
		return nil
	}
	for _, kind := range []struct {
		absent bool
		flag   string
		rest   []*setting
	}{
		{len(c.wecom.urls) == 0, "-wecom-url", []*setting{f.wecomMention, f.wecomRate}},
		{len(c.dingtalk.urls) == 0, "-dingtalk-url", []*setting{f.dingKeyword, f.dingAt, f.dingRate}},
		{len(c.trap.targets) == 0, "-trap-target", []*setting{f.community, f.baseOID, f.layout, f.inform}},
	} {
		for _, s := range kind.rest {
			if kind.absent && s.origin != "" {
				return s.refuse("has no effect without %s", kind.flag)
			}
		}
	}
	return nil
}
