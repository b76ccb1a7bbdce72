package relaying

import (
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// settingsOf configures from arguments in one line and from an environment.
func settingsOf(args string, env map[string]string) (*Config, error) {
	getenv := func(name string) string { return env[name] }
	return Configure(strings.Fields(args), getenv, io.Discard)
}

// fileWith returns the name of a file that holds text.
func fileWith(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "value")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("", nil)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", c.listen)
	require.True(t, c.secrets.Made)
	require.GreaterOrEqual(t, len(c.secrets.Bare), 26)
	require.Equal(t, 20, c.wecom.rate)
	require.Equal(t, 20, c.dingtalk.rate)
	require.Empty(t, c.dingtalk.secrets)
	require.Equal(t, snmptrap.Seed, c.trap.layout)
	require.False(t, c.trap.inform)
	require.Equal(t, alert.Chinese, c.locale)
	require.Equal(t, "Asia/Shanghai", c.zone.String())
	require.Empty(t, c.access.Cert)
	require.Empty(t, c.access.Allow)
	require.Empty(t, c.access.Proxies)
	require.True(t, c.noDestination())
	other, err := settingsOf("", nil)
	require.NoError(t, err)
	require.NotEqual(t, c.secrets.Bare, other.secrets.Bare, "each run makes a secret of its own")
}

func TestEverySettingByFlagVariableAndFile(t *testing.T) {
	t.Parallel()
	const trap = " -trap-target nms.example.com:162 -trap-community c -trap-base-oid 1.3.6.1.4.1.32473"
	const user = " -trap-target nms:162 -trap-base-oid 1.3.6.1.4.1.9 -trap-v3-user n:SHA256:AES"
	tests := []struct {
		name, value, with string
		got               func(*Config) any
		want              any
	}{
		{"listen", ":9000", "", func(c *Config) any { return c.listen }, ":9000"},
		{"callback-secret", "0123456789abcdef", "", func(c *Config) any { return c.secrets.Bare }, "0123456789abcdef"},
		{"allow-cidr", "192.0.2.0/24,2001:db8::1", "", func(c *Config) any { return c.access.Allow },
			[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")}},
		{"trusted-proxy", "10.1.2.3/8", "", func(c *Config) any { return c.access.Proxies },
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		{"wecom-url", "https://example.com/send?key=k,k2", "", func(c *Config) any { return c.wecom.urls },
			[]string{"https://example.com/send?key=k", "k2"}},
		{"wecom-mention", "ann, bob", " -wecom-url k", func(c *Config) any { return c.wecom.mentions }, []string{"ann", "bob"}},
		{"wecom-rate", "0", " -wecom-url k", func(c *Config) any { return c.wecom.rate }, 0},
		{"dingtalk-url", "t1\nhttps://example.com/robot/send?access_token=t2\r\n\r\nt3", "", func(c *Config) any { return c.dingtalk.urls },
			[]string{"t1", "https://example.com/robot/send?access_token=t2", "t3"}},
		{"dingtalk-secret", "SEC1,-", " -dingtalk-url t1,t2", func(c *Config) any { return c.dingtalk.secrets }, []string{"SEC1", ""}},
		{"dingtalk-keyword", "tocsin", " -dingtalk-url t", func(c *Config) any { return c.dingtalk.keyword }, "tocsin"},
		{"dingtalk-at", "13800000001,+852-12345678,@ann,0123456789012345,ALL", " -dingtalk-url t", func(c *Config) any { return c.dingtalk.at },
			dingtalk.At{Mobiles: []string{"13800000001", "+852-12345678"}, UserIDs: []string{"ann", "0123456789012345"}, All: true}},
		{"dingtalk-rate", "5", " -dingtalk-url t", func(c *Config) any { return c.dingtalk.rate }, 5},
		{"trap-target", "192.0.2.7:162,[2001:db8::1]:10162", " -trap-community c -trap-base-oid 1.3.6.1.4.1.32473",
			func(c *Config) any { return c.trap.targets }, []string{"192.0.2.7:162", "[2001:db8::1]:10162"}},
		{"trap-community", "hush", " -trap-target nms:162 -trap-base-oid 1.3.6.1.4.1.32473", func(c *Config) any { return c.trap.community }, "hush"},
		{"trap-base-oid", "1.3.6.1.4.1.9", " -trap-target nms:162 -trap-community c", func(c *Config) any { return c.trap.baseOID }, "1.3.6.1.4.1.9"},
		{"trap-layout", "full", trap, func(c *Config) any { return c.trap.layout }, snmptrap.Full},
		{"trap-inform", "true", trap, func(c *Config) any { return c.trap.inform }, true},
		{"trap-v1", "true", trap, func(c *Config) any { return c.trap.v1 }, true},
		{"trap-source", "eth0", trap, func(c *Config) any { return c.trap.source }, "eth0"},
		{"trap-rate", "0", trap, func(c *Config) any { return c.trap.rate }, -1},
		{"trap-v3-user", "n:SHA256:AES", " -trap-target nms:162 -trap-base-oid 1.3.6.1.4.1.9",
			func(c *Config) any { return []string{c.trap.user.Name, c.trap.user.Auth, c.trap.user.Priv} }, []string{"n", "SHA256", "AES"}},
		{"trap-v3-auth-password", "hush-hush", user, func(c *Config) any { return c.trap.user.AuthPassword }, "hush-hush"},
		{"trap-v3-priv-password", "hush-hush", user, func(c *Config) any { return c.trap.user.PrivPassword }, "hush-hush"},
		{"trap-v3-engine-file", "/var/lib/tocsin/engine", user, func(c *Config) any { return c.trap.user.EngineFile }, "/var/lib/tocsin/engine"},
		{"db", "sqlite:/var/lib/tocsin.db", " -wecom-url k", func(c *Config) any { return c.db.Path }, "/var/lib/tocsin.db"},
		{"db-max-alerts", "0", "", func(c *Config) any { return c.bounds.MaxWaiting }, 0},
		{"db-max-mib", "100", "", func(c *Config) any { return c.bounds.MaxBytes }, int64(100 << 20)},
		{"lease", "90s", "", func(c *Config) any { return c.lease }, 90 * time.Second},
		{"admin-listen", "localhost:9090", "", func(c *Config) any { return c.admin.listen }, "localhost:9090"},
		{"admin-token", "0123456789abcdef", " -admin-listen :9090", func(c *Config) any { return c.admin.token }, "0123456789abcdef"},
		{"paused", "true", " -admin-listen localhost:9090", func(c *Config) any { return c.paused }, true},
		{"locale", "ja", "", func(c *Config) any { return c.locale }, alert.Japanese},
		{"timezone", "Asia/Tokyo", "", func(c *Config) any { return c.zone.String() }, "Asia/Tokyo"},
		{"capture", "callbacks.jsonl", "", func(c *Config) any { return c.capture }, "callbacks.jsonl"},
		{"demo", "true", "", func(c *Config) any { return c.demo }, true},
		{"test", "true", " -wecom-url k", func(c *Config) any { return c.test }, true},
	}
	covered := map[string]bool{"tls-cert": true, "tls-key": true} // in TestTLS
	for _, tt := range tests {
		covered[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			variable := "TOCSIN_" + strings.ToUpper(strings.ReplaceAll(tt.name, "-", "_"))
			args := append([]string{"-" + tt.name + "=" + tt.value}, strings.Fields(tt.with)...)
			c, err := Configure(args, func(name string) string { return map[string]string{variable: "overruled"}[name] }, io.Discard)
			require.NoError(t, err)
			require.Equal(t, tt.want, tt.got(c), "flag")
			c, err = settingsOf(tt.with, map[string]string{variable: tt.value, variable + "_FILE": "/overruled"})
			require.NoError(t, err)
			require.Equal(t, tt.want, tt.got(c), "variable")
			c, err = settingsOf(tt.with, map[string]string{variable: "", variable + "_FILE": fileWith(t, tt.value+"\r\n")})
			require.NoError(t, err)
			require.Equal(t, tt.want, tt.got(c), "file")
		})
	}
	all := newForm().Settings()
	for _, s := range all {
		require.True(t, covered[s.Name], "-%s is not tested", s.Name)
	}
}

func TestRepeatedFlagsAddUp(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("-allow-cidr 192.0.2.1 -allow-cidr aliyun -allow-cidr 192.0.2.2", nil)
	require.NoError(t, err)
	require.Equal(t, netip.MustParsePrefix("192.0.2.1/32"), c.access.Allow[0])
	require.Equal(t, netip.MustParsePrefix("192.0.2.2/32"), c.access.Allow[len(c.access.Allow)-1])
	require.True(t, within(c.access.Allow, "106.11.225.9"), "documented for China")
	require.True(t, within(c.access.Allow, "47.74.206.122"), "documented for other sites")
	require.False(t, within(c.access.Allow, "198.51.100.1"))
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	const trap = "-trap-target nms.example.com:162 -trap-community c -trap-base-oid 1.3.6.1.4.1.32473 "
	tests := []struct {
		name, args string
		env        map[string]string
		want       string
	}{
		{"unknown flag", "-wecom-uri=k", nil, "flag provided but not defined: -wecom-uri"},
		{"flag without value", "-listen", nil, "flag needs an argument: -listen"},
		{"no flag at all", "start", nil, "1 argument(s) too many"},
		{"odd dashes", "---listen=:1", nil, "not written as a flag"},
		{"given twice", "-listen :1 -listen :2", nil, "-listen: given 2 times"},
		{"toggle with a word", "-demo=yes", nil, "-demo: neither true nor false"},
		{"listen without port", "-listen localhost", nil, "-listen: not of the form host:port"},
		{"secret of dots", "", map[string]string{"TOCSIN_CALLBACK_SECRET": ".."}, "TOCSIN_CALLBACK_SECRET: entry 1: want a secret"},
		{"empty secret", "-callback-secret=", nil, "-callback-secret: "},
		{"one secret for two accounts", "-callback-secret a=0123456789abcdef,b=0123456789abcdef", nil, "-callback-secret: entry 2 has the secret of entry 1"},
		{"secret with slash", "-callback-secret 0123456789abcdef/a", nil, "-callback-secret: entry 1: want a secret"},
		{"short secret", "-callback-secret 0123456789abcde", nil, "-callback-secret: entry 1: want a secret"},
		{"missing file", "", map[string]string{"TOCSIN_WECOM_URL_FILE": "/nowhere/key"}, "TOCSIN_WECOM_URL_FILE: no such file"},
		{"empty file", "", map[string]string{"TOCSIN_WECOM_URL_FILE": os.DevNull}, "TOCSIN_WECOM_URL_FILE: the file is empty"},
		{"endless file", "", map[string]string{"TOCSIN_WECOM_URL_FILE": "/dev/zero"}, "longer than 65536 bytes"},
		{"bad range", "-allow-cidr 192.0.2.0/24,10.0.0.0/33", nil, "-allow-cidr: entry 2 is neither"},
		{"mapped range", "-allow-cidr ::ffff:192.0.2.0/120", nil, "-allow-cidr: entry 1: write the range as IPv4"},
		{"no range", "-allow-cidr ,", nil, "-allow-cidr: names no range"},
		{"aliyun is no proxy", "-trusted-proxy aliyun", nil, "-trusted-proxy: entry 1 is neither"},
		{"certificate alone", "-tls-cert c.pem", nil, "-tls-cert: needs -tls-key too"},
		{"key alone", "-tls-key k.pem", nil, "-tls-key: needs -tls-cert too"},
		{"certificate missing", "-tls-cert /nowhere/c.pem -tls-key k.pem", nil, "-tls-cert: no such file"},
		{"rate in words", "-wecom-url k -wecom-rate many", nil, "-wecom-rate: not a number"},
		{"negative rate", "-wecom-url k -wecom-rate -1", nil, "-wecom-rate: not a number"},
		{"no robot", "-wecom-url=", nil, "-wecom-url: names no robot"},
		{"robot twice", "-wecom-url k -wecom-url l -wecom-url k", nil, "-wecom-url: entry 3 is entry 1 again"},
		{"everybody in markdown", "-wecom-url k -wecom-mention ann,@all", nil, "-wecom-mention: entry 2: markdown cannot mention everybody"},
		{"too many mentions", "-wecom-url k -wecom-mention " + strings.Repeat("0123456789012345678901234567,", 40), nil, "-wecom-mention: entry 34: 1054 bytes, limit 1024 bytes"},
		{"no DingTalk robot", "", map[string]string{"TOCSIN_DINGTALK_URL": "\n,\n"}, "TOCSIN_DINGTALK_URL: names no robot"},
		{"DingTalk rate", "-dingtalk-url t -dingtalk-rate 1.5", nil, "-dingtalk-rate: not a number"},
		{"one secret for two", "-dingtalk-url t1,t2 -dingtalk-secret SEC1", nil, "-dingtalk-secret: has 1 for 2 of -dingtalk-url: give one for each"},
		{"two secrets for one", "-dingtalk-url t1 -dingtalk-secret SEC1,SEC2", nil, "-dingtalk-secret: has 2 for 1 of -dingtalk-url"},
		{"an empty secret", "-dingtalk-url t1 -dingtalk-secret=", nil, "-dingtalk-secret: has 0 for 1 of -dingtalk-url"},
		{"secret without robot", "-dingtalk-secret SEC1", nil, "-dingtalk-secret: has no effect without -dingtalk-url"},
		{"URL for a secret", "-dingtalk-url t1,t2 -dingtalk-secret SEC1,https://example.com/robot/send?access_token=t", nil,
			"-dingtalk-secret: entry 2 is a URL"},
		{"secret with control characters", "-dingtalk-url t1,t2", map[string]string{"TOCSIN_DINGTALK_SECRET": "SEC1\nSEC\x01"},
			"TOCSIN_DINGTALK_SECRET: entry 2: holds control characters"},
		{"keyword of a novel", "-dingtalk-url t -dingtalk-keyword " + strings.Repeat("k", 129), nil, "-dingtalk-keyword: 129 bytes, limit 128"},
		{"number without hyphen", "-dingtalk-url t -dingtalk-at ann,+85212345678", nil, "-dingtalk-at: entry 2: lacks the hyphen"},
		{"no userid", "-dingtalk-url t -dingtalk-at ann,b/ob", nil, "-dingtalk-at: entry 2: not a userId"},
		{"nobody", "-dingtalk-url t -dingtalk-at @", nil, "-dingtalk-at: entry 1: is empty"},
		{"at without robot", "-wecom-url k -dingtalk-at all", nil, "-dingtalk-at: has no effect without -dingtalk-url"},
		{"keyword without robot", trap + "-dingtalk-keyword k", nil, "-dingtalk-keyword: has no effect without -dingtalk-url"},
		{"rate without robot", "-dingtalk-url t -wecom-rate 3", nil, "-wecom-rate: has no effect without -wecom-url"},
		{"demo of a DingTalk group", "-demo -dingtalk-url t", nil, "-demo: shows stand-ins"},
		{"target without port", strings.Replace(trap, ":162", "", 1), nil, "-trap-target: entry 1 is not of the form host:port"},
		{"target with port 0", strings.Replace(trap, ":162", ":0", 1), nil, "-trap-target: entry 1 is not"},
		{"no target", "-trap-target ,", nil, "-trap-target: names no receiver"},
		{"no base OID", "-trap-target nms:162 -trap-community c", nil, "1.3.6.1.4.1.12149, which belongs to Enalur"},
		{"no community", "-trap-target nms:162 -trap-base-oid 1.3.6.1.4.1.32473", nil, "or -trap-v3-user"},
		{"SNMPv3 user without target", "-wecom-url k -trap-v3-user n", nil, "-trap-v3-user: has no effect without -trap-target"},
		{"password without user", trap + "-trap-v3-auth-password hush-hush", nil, "-trap-v3-auth-password: has no effect without -trap-v3-user"},
		{"unknown layout", trap + "-trap-layout short", nil, "-trap-layout: neither seed nor full"},
		{"database of another kind", "-wecom-url k -db oracle://u:hush@h/d", nil, "-db: want the name of a file"},
		{"database of no name", "-wecom-url k -db=", nil, "-db: want the name of a file"},
		{"database without a file", "-wecom-url k -db sqlite:", nil, "-db: want the name of a file"},
		{"memory as SQLite has it", "-wecom-url k -db :memory:", nil, "-db: want the name of a file"},
		{"a URI of SQLite", "-wecom-url k -db file:a.db", nil, "-db: want the name of a file"},
		{"a connection string", "-wecom-url k -db u:hush@tcp(h:3306)/d", nil, "is written sqlite:FILE"},
		{"mysql without a database", "-wecom-url k -db mysql://u:hush@h/", nil, "-db: want mysql://user"},
		{"mysql parameter", "-wecom-url k -db mysql://u:hush@h/d?timeout=hush", nil, "-db: what stands behind"},
		{"no URL", "-wecom-url k -db postgres://u:hush%zz@h/d", nil, "-db: not a URL"},
		{"database of stand-ins", "-db a.db", nil, "-db: has no effect without a destination"},
		{"lease in words", "-wecom-url k -lease long", nil, "-lease: not a time"},
		{"short lease", "-wecom-url k -lease 999ms", nil, "-lease: not a time of at least a second"},
		{"admin without port", "-admin-listen localhost", nil, "-admin-listen: not of the form host:port"},
		{"admin for everybody", "-admin-listen :9090", nil, "-admin-listen: other machines can reach this address: set -admin-token"},
		{"admin for a name", "-admin-listen relay.example.com:9090", nil, "-admin-listen: other machines"},
		{"short token", "-admin-listen :9090 -admin-token 0123456789abcde", nil, "-admin-token: want at least 16 characters"},
		{"token of nothing", "-admin-token 0123456789abcdef", nil, "-admin-token: has no effect without -admin-listen"},
		{"paused without a way back", "-wecom-url k -paused", nil, "-paused: needs -admin-listen"},
		{"unknown locale", "-locale fr", nil, "-locale: not zh, en or ja"},
		{"unknown zone", "-timezone Mars/Olympus", nil, "-timezone: no such zone"},
		{"demo of a real group", "-demo -wecom-url k", nil, "-demo: shows stand-ins"},
		{"demo and test", "-demo -test", nil, "-demo: not together with -test"},
		{"test of nothing", "-test", nil, "-test: no destination is configured"},
		{"mention without robot", trap + "-wecom-mention ann", nil, "-wecom-mention: has no effect without -wecom-url"},
		{"inform with a word", trap + "-trap-inform=yes", nil, "-trap-inform: neither true nor false"},
		{"inform without target", "-wecom-url k -trap-inform", nil, "-trap-inform: has no effect without -trap-target"},
		{"layout without target", "-wecom-url k -trap-layout full", nil, "-trap-layout: has no effect without -trap-target"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := settingsOf(tt.args, tt.env)
			require.ErrorContains(t, err, tt.want)
			require.ErrorAs(t, err, new(cli.UsageError))
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// A value that is refused may be a secret in the wrong place.
func TestRefusalsDoNotQuoteValues(t *testing.T) {
	t.Parallel()
	all := newForm().Settings()
	const value = "https://example.com/cgi-bin/webhook/send?key=hush-hush"
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{
				{"-" + s.Name + "=" + value}, {"-" + s.Name, value}, {"---" + s.Name + "=" + value}, {value},
				{"-" + s.Name, value, "-" + s.Name, value},
			} {
				_, err := Configure(args, func(string) string { return "" }, io.Discard)
				if err != nil {
					require.NotContains(t, err.Error(), "hush-hush")
				}
			}
			for _, variable := range []string{cli.EnvName(s.Name), cli.EnvName(s.Name) + "_FILE"} {
				env := map[string]string{variable: value}
				if _, err := settingsOf("", env); err != nil {
					require.NotContains(t, err.Error(), "hush-hush")
				}
			}
		})
	}
}

func TestHelpNamesEverySettingAndNoValue(t *testing.T) {
	t.Parallel()
	var help strings.Builder
	env := map[string]string{"TOCSIN_WECOM_URL": "hush-hush"}
	_, err := Configure([]string{"-wecom-url", "hush-hush", "-help"}, func(n string) string { return env[n] }, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	all := newForm().Settings()
	for _, s := range all {
		require.Contains(t, help.String(), "\n  -"+s.Name)
	}
	require.NotContains(t, help.String(), "hush-hush")
	require.NotContains(t, help.String(), "`")
}

func TestZonesAreEmbedded(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("-timezone Asia/Shanghai", nil)
	require.NoError(t, err)
	_, offset := time.Date(2026, 11, 20, 0, 0, 0, 0, c.zone).Zone()
	require.Equal(t, 8*60*60, offset)
}

func within(ranges []netip.Prefix, addr string) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(addr)) })
}
