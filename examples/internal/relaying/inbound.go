package relaying

import (
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

func (c *Config) judgeServer(f *form) error {
	c.listen = "127.0.0.1:8080"
	if f.listen.Given() {
		c.listen = f.listen.Text("")
		if _, _, err := net.SplitHostPort(c.listen); err != nil {
			return f.listen.Refuse("not of the form host:port")
		}
	}
	var err error
	if c.secrets, err = callbacks.Read(f.secret); err != nil {
		return err
	}
	if c.proxies, err = prefixes(f.proxy, nil); err != nil {
		return err
	}
	c.allow, err = prefixes(f.allow, aliyun.SourceRanges())
	return err
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

func (c *Config) judgeTLS(f *form) error {
	switch {
	case !f.cert.Given() && !f.key.Given():
		return nil
	case !f.key.Given():
		return f.cert.Refuse("needs -tls-key too")
	case !f.cert.Given():
		return f.key.Refuse("needs -tls-cert too")
	}
	c.cert, c.key = pemFile(f.cert), pemFile(f.key)
	if _, err := tls.LoadX509KeyPair(c.cert, c.key); err != nil {
		return f.cert.Refuse("%w", cli.WithoutPath(err))
	}
	if info, err := os.Stat(c.key); err == nil {
		cli.WarnIfReadable(f.key.Origin(), info)
	}
	return nil
}

// pemFile is the name of a file. TOCSIN_TLS_KEY_FILE may name the key itself, which
// is what everybody takes it for, or a file with the name of the key.
func pemFile(s *cli.Setting) string {
	if strings.HasPrefix(s.Text(""), "-----BEGIN ") && s.File() != "" {
		return s.File()
	}
	return s.Text("")
}
