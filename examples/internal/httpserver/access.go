package httpserver

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Settings are those of a server that people and clouds reach: -trusted-proxy,
// -tls-cert and -tls-key, and -allow-cidr if it takes callbacks.
type Settings struct{ allow, proxy, cert, key *cli.Setting }

// NewSettings adds the settings to a form.
func NewSettings(f *cli.Form, callbacks bool) (s Settings) {
	if callbacks {
		s.allow = f.List("allow-cidr", "take callbacks only from this `range`, or from \"aliyun\", the ranges Alibaba Cloud documents; may be repeated")
	}
	s.proxy = f.List("trusted-proxy", "believe X-Forwarded-For from proxies in this `range`; may be repeated")
	s.cert = f.Text("tls-cert", "`file` with the certificate chain in PEM; with -tls-key, serves HTTPS")
	s.key = f.Text("tls-key", "`file` with the private key in PEM")
	return s
}

// An Access says who reaches a server, and how.
type Access struct {
	Allow, Proxies []netip.Prefix
	Cert, Key      string // files; empty: plain HTTP
}

// Read judges the settings. Its errors quote no value.
func (s Settings) Read() (a Access, err error) {
	if a.Proxies, err = prefixes(s.proxy, nil); err != nil {
		return a, err
	}
	if s.allow != nil {
		if a.Allow, err = prefixes(s.allow, aliyun.SourceRanges()); err != nil {
			return a, err
		}
	}
	switch {
	case !s.cert.Given() && !s.key.Given():
		return a, nil
	case !s.key.Given():
		return a, s.cert.Refuse("needs -tls-key too")
	case !s.cert.Given():
		return a, s.key.Refuse("needs -tls-cert too")
	}
	a.Cert, a.Key = pemFile(s.cert), pemFile(s.key)
	if _, err := tls.LoadX509KeyPair(a.Cert, a.Key); err != nil {
		return a, s.cert.Refuse("%w", cli.WithoutPath(err))
	}
	if info, err := os.Stat(a.Key); err == nil {
		cli.WarnIfReadable(s.key.Origin(), info)
	}
	return a, nil
}

// Options are those of the server.
func (c Access) Options(log *slog.Logger) *serve.Options {
	o := &serve.Options{CertFile: c.Cert, KeyFile: c.Key, Logger: log}
	if len(c.Proxies) > 0 {
		o.MaxConnsPerAddress = -1 // all come from the proxies
	}
	return o
}

// URL returns the URL of the server at a host:port.
func (c Access) URL(at string) string {
	if c.Cert == "" {
		return "http://" + at
	}
	return "https://" + at
}

// Encrypted reports whether a request came over TLS, be it to a proxy that says so. A
// stranger who says so gets a cookie that browsers do not return in clear, which harms
// nobody else.
func Encrypted(r *http.Request) bool {
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return r.TLS != nil || strings.EqualFold(strings.TrimSpace(proto), "https") ||
		slices.ContainsFunc(strings.FieldsFunc(r.Header.Get("Forwarded"), func(c rune) bool { return c == ';' || c == ',' }), func(pair string) bool {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			return strings.EqualFold(name, "proto") && strings.EqualFold(strings.Trim(value, `"`), "https")
		})
}

// prefixes reads ranges and single addresses. The word "aliyun" stands for
// named, if there are any.
func prefixes(s *cli.Setting, named []netip.Prefix) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for i, word := range s.List() {
		if word == "aliyun" && named != nil {
			out = append(out, named...)
			continue
		}
		p, err := netip.ParsePrefix(word)
		if err != nil {
			a, err := netip.ParseAddr(word)
			if err != nil {
				return nil, s.Refuse("entry %d is neither an address nor a range such as 192.0.2.0/24", i+1)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, s.Refuse("entry %d: write the range as IPv4", i+1)
		}
		out = append(out, p.Masked())
	}
	if s.Given() && len(out) == 0 {
		return nil, s.Refuse("names no range")
	}
	return out, nil
}

// pemFile is the name of a file. TOCSIN_TLS_KEY_FILE may name the key itself, which
// is what everybody takes it for, or a file with the name of the key.
func pemFile(s *cli.Setting) string {
	if strings.HasPrefix(s.Text(""), "-----BEGIN ") && s.File() != "" {
		return s.File()
	}
	return s.Text("")
}
