package sandbox

import (
	"net"
	"strconv"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
	"github.com/tocsin-go/tocsin/voice/voicetest"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// The destinations, by the names of their routes and of their places on the
// page.
const (
	destWecom    = "wecom"
	destDingTalk = "dingtalk"
	destTrap     = "trap"
	destPigeon   = "pigeon"
	destVoice    = "voice"
	destAutoCall = "autocall"
	destOCP      = "ocp"
)

// The credentials are the same at each start, so that a program may keep its
// settings. They are no secrets: the stand-ins deliver to nobody.
const (
	word      = "sandbox"
	longWord  = "sandbox-sandbox-sandbox"
	community = "public"

	// baseOID is the number that IANA keeps for documentation.
	baseOID = "1.3.6.1.4.1.32473"
)

// parts are the stand-ins.
type parts struct {
	wecom    *wecomtest.Server
	dingtalk *dingtalktest.Server
	trap     *snmptraptest.Listener
	pigeon   *pigeontest.Server
	ocp      *ocptest.Server
	esb      *voicetest.ESB
	phones   *voicetest.Phones
}

// newParts makes the stand-ins. The bench takes what goes wrong.
func (s *Sandbox) newParts(b *bench) *parts {
	p := &parts{
		wecom: wecomtest.NewServer(b), dingtalk: dingtalktest.NewServer(b), pigeon: pigeontest.NewServer(b),
		ocp: ocptest.NewServer(b), esb: voicetest.NewESB(b), phones: &voicetest.Phones{Ring: s.ringVoice},
		trap: snmptraptest.Listen(b, &snmptraptest.Options{
			Addr: s.opts.TrapListen, Collect: true, Keep: keep,
		}),
	}
	p.wecom.Key, p.dingtalk.Token, p.dingtalk.Secret = word, word, "SEC"+word
	p.pigeon.Token, p.ocp.User, p.ocp.Password = word, word, word
	p.pigeon.Ring = s.opts.Ring
	p.esb.AppCode, p.esb.AppSecret, p.esb.DestPath = word, word, "/voice/"+longWord
	return p
}

// Targets are where page and stand-ins are.
type Targets struct {
	Page     string
	Callback string // takes callbacks of CloudMonitor

	Wecom          string
	DingTalk       string
	DingTalkSecret string

	Trap          string // host:port
	TrapCommunity string
	TrapBaseOID   string

	Pigeon           string // base URL
	PigeonToken      string
	PigeonCallFlowID string
	PigeonGuidanceID string

	OCP         string // base URL
	OCPUser     string
	OCPPassword string

	ESB          string // base URL
	ESBAppCode   string
	ESBAppSecret string
	Voice        string // the in-house gateway, in the form of dest_url
}

// targets returns where everything is behind an address. One that stands for
// all of the machine's is reached by the loopback.
func (p *parts) targets(addr net.Addr) Targets {
	host := addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		host = net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port))
	}
	base := "http://" + host
	return Targets{
		Page: base + "/", Callback: base + "/aliyun/" + longWord,
		Wecom:    base + "/cgi-bin/webhook/send?key=" + p.wecom.Key,
		DingTalk: base + "/robot/send?access_token=" + p.dingtalk.Token, DingTalkSecret: p.dingtalk.Secret,
		Trap: p.trap.Addr(), TrapCommunity: community, TrapBaseOID: baseOID,
		Pigeon: base, PigeonToken: p.pigeon.Token, PigeonCallFlowID: pigeontest.CallFlowID, PigeonGuidanceID: pigeontest.GuidanceID,
		OCP: base, OCPUser: p.ocp.User, OCPPassword: p.ocp.Password,
		ESB: base, ESBAppCode: p.esb.AppCode, ESBAppSecret: p.esb.AppSecret, Voice: base + p.esb.DestPath,
	}
}

// A Setting is a line for people: what to enter where.
type Setting struct{ Dest, Name, Value string }

// Settings lists what to enter into one's own program.
func (t Targets) Settings() []Setting {
	return []Setting{
		{"", "Callback", t.Callback},
		{destWecom, "webhook", t.Wecom},
		{destDingTalk, "webhook", t.DingTalk}, {destDingTalk, "secret", t.DingTalkSecret},
		{destTrap, "target", t.Trap}, {destTrap, "community", t.TrapCommunity}, {destTrap, "base OID", t.TrapBaseOID},
		{destPigeon, "space", t.Pigeon}, {destPigeon, "token", t.PigeonToken},
		{destPigeon, "callflowId", t.PigeonCallFlowID}, {destPigeon, "guidanceId", t.PigeonGuidanceID},
		{destVoice, "BlueKing ESB", t.ESB}, {destVoice, "bk_app_code", t.ESBAppCode}, {destVoice, "bk_app_secret", t.ESBAppSecret},
		{destVoice, "dest_url", t.Voice},
		{destOCP, "address", t.OCP}, {destOCP, "user", t.OCPUser}, {destOCP, "password", t.OCPPassword},
	}
}
