package main

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name on machines and images without zone data

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/snmptrap"
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
	trap       trapConfig
	test, demo bool
}

type wecomConfig struct {
	url      string // or a bare key
	origin   string // of url, for errors
	mentions []string
	rate     int // messages a minute; 0: no limit
}

type trapConfig struct {
	targets   []string // host:port
	community string
	baseOID   string
	layout    snmptrap.Layout
}

// noDestination reports that nothing real was configured, in which case the
// relay shows what it would deliver.
func (c *config) noDestination() bool { return c.wecom.url == "" && len(c.trap.targets) == 0 }

// A form is the list of all settings, by name.
type form struct {
	listen, secret, allow, proxy, cert, key   *setting
	wecomURL, wecomMention, wecomRate         *setting
	target, community, baseOID, layout        *setting
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
	f.wecomURL = add("wecom-url", single, "webhook `URL` of a WeCom group robot, on any host, or its bare key")
	f.wecomMention = add("wecom-mention", repeated, "`userid` of a member to mention in each message; may be repeated")
	f.wecomRate = add("wecom-rate", single, "`messages` a minute the robot may send, 0 for no limit (default 20)")
	f.target = add("trap-target", repeated, "`host:port` of a receiver of SNMP traps; may be repeated")
	f.community = add("trap-community", single, "`community` of the traps")
	f.baseOID = add("trap-base-oid", single, "`OID` under which the traps and their objects stand")
	f.layout = add("trap-layout", single, "`seed` for values with labels such as level:WARN, or full (default seed)")
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
	for _, judge := range []func(*form) error{c.judgeServer, c.judgeTLS, c.judgeWecom, c.judgeTrap, c.judgeWording, c.judgeMode} {
		if err := judge(&f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *config) judgeServer(f *form) error {
	c.listen = "127.0.0.1:8080"
	if f.listen.origin != "" {
		c.listen = f.listen.text()
		if _, _, err := net.SplitHostPort(c.listen); err != nil {
			return f.listen.refuse("not of the form host:port")
		}
	}
	if c.secret = f.secret.text(); f.secret.origin == "" {
		c.secret, c.secretMade = rand.Text(), true
	}
	if !regexp.MustCompile(`^\.*[A-Za-z0-9_~-][A-Za-z0-9._~-]*$`).MatchString(c.secret) {
		return f.secret.refuse("want only letters, digits and . _ ~ -, and not only dots")
	}
	var err error
	if c.proxies, err = prefixes(f.proxy, nil); err != nil {
		return err
	}
	c.allow, err = prefixes(f.allow, aliyun.SourceRanges())
	return err
}

// prefixes reads ranges and single addresses. The word "aliyun" stands for
// named, if there are any.
func prefixes(s *setting, named []netip.Prefix) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for i, word := range s.list() {
		if word == "aliyun" && named != nil {
			out = append(out, named...)
			continue
		}
		p, err := netip.ParsePrefix(word)
		if err != nil {
			a, err := netip.ParseAddr(word)
			if err != nil {
				return nil, s.refuse("entry %d is neither an address nor a range such as 192.0.2.0/24", i+1)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, s.refuse("entry %d: write the range as IPv4", i+1)
		}
		out = append(out, p.Masked())
	}
	if s.origin != "" && len(out) == 0 {
		return nil, s.refuse("names no range")
	}
	return out, nil
}

func (c *config) judgeTLS(f *form) error {
	switch {
	case f.cert.origin == "" && f.key.origin == "":
		return nil
	case f.key.origin == "":
		return f.cert.refuse("needs -tls-key too")
	case f.cert.origin == "":
		return f.key.refuse("needs -tls-cert too")
	}
	chain, err := readPEM(f.cert)
	if err != nil {
		return err
	}
	key, err := readPEM(f.key)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return f.cert.refuse("%w", err)
	}
	c.cert = &pair
	return nil
}

// readPEM reads the file that s names. With TOCSIN_TLS_KEY_FILE the value is
// the content already, which is what one expects of that name.
func readPEM(s *setting) ([]byte, error) {
	if v := s.text(); strings.HasPrefix(v, "-----BEGIN ") {
		return []byte(v), nil
	}
	b, err := os.ReadFile(s.text())
	if err != nil {
		return nil, s.refuse("%w", withoutPath(err))
	}
	return b, nil
}

func (c *config) judgeWecom(f *form) error {
	c.wecom = wecomConfig{url: f.wecomURL.text(), origin: f.wecomURL.origin, mentions: f.wecomMention.list(), rate: 20}
	if f.wecomRate.origin == "" {
		return nil
	}
	n, err := strconv.Atoi(f.wecomRate.text())
	if err != nil || n < 0 {
		return f.wecomRate.refuse("not a number of messages a minute, 0 or more")
	}
	c.wecom.rate = n
	return nil
}

// errNoBaseOID explains a choice that only the operator can make.
var errNoBaseOID = errors.New("needs -trap-base-oid: a number of your own, which IANA gives to every organisation for nothing " +
	"(Private Enterprise Numbers); to keep filters made for the original relay, 1.3.6.1.4.1.12149, which belongs to Enalur")

func (c *config) judgeTrap(f *form) error {
	c.trap = trapConfig{targets: f.target.list(), community: f.community.text(), baseOID: f.baseOID.text(), layout: snmptrap.Seed}
	if f.layout.origin != "" {
		var err error
		if c.trap.layout, err = snmptrap.ParseLayout(f.layout.text()); err != nil {
			return f.layout.refuse("neither seed nor full")
		}
	}
	if f.target.origin == "" {
		return nil
	}
	for i, t := range c.trap.targets {
		host, port, err := net.SplitHostPort(t)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
			return f.target.refuse("entry %d is not of the form host:port, such as nms.example.com:162", i+1)
		}
	}
	switch {
	case len(c.trap.targets) == 0:
		return f.target.refuse("names no receiver")
	case c.trap.baseOID == "":
		return f.target.refuse("%w", errNoBaseOID)
	case c.trap.community == "":
		return f.target.refuse("needs -trap-community, better as TOCSIN_TRAP_COMMUNITY_FILE")
	}
	return nil
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
		return f.test.refuse("no destination is configured; set -wecom-url or -trap-target")
	case c.noDestination():
		return nil
	}
	if c.wecom.url == "" {
		for _, s := range []*setting{f.wecomMention, f.wecomRate} {
			if s.origin != "" {
				return s.refuse("has no effect without -wecom-url")
			}
		}
	}
	if len(c.trap.targets) == 0 {
		for _, s := range []*setting{f.community, f.baseOID, f.layout} {
			if s.origin != "" {
				return s.refuse("has no effect without -trap-target")
			}
		}
	}
	return nil
}
