package destinations

import (
	"io"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Settings are those of a program that tells one group of each kind, and
// consoles.
type Settings struct {
	wecomURL, dingtalkURL, dingtalkSecret, locale *cli.Setting
	trapTarget, trapCommunity, trapBaseOID        *cli.Setting
}

// AddTo adds the settings to a form.
func AddTo(f *cli.Form) *Settings {
	return &Settings{
		wecomURL:       f.Text("wecom-url", "webhook `URL` of a WeCom group robot, on any host, or its bare key"),
		dingtalkURL:    f.Text("dingtalk-url", "webhook `URL` of a DingTalk group robot, on any host, or its bare access_token"),
		dingtalkSecret: f.Text("dingtalk-secret", "signing `secret` (SEC...) of the DingTalk robot"),
		locale:         f.Text("locale", "`language` of the words around the alerts: zh, en or ja (default zh)"),
		trapTarget:     f.List("trap-target", "`host:port` of a receiver of SNMP traps; may be repeated"),
		trapCommunity:  f.Text("trap-community", "`community` of the traps"),
		trapBaseOID:    f.Text("trap-base-oid", "`OID` under which the traps and their objects stand"),
	}
}

// Open makes what is set; or, if nothing is, one that prints.
func (s *Settings) Open(stdout io.Writer) ([]Destination, error) {
	l, err := alert.ParseLocale(s.locale.Text("zh"))
	if err != nil {
		return nil, s.locale.Refuse("not zh, en or ja")
	}
	robots, err := Robots(s.wecomURL, s.dingtalkURL, s.dingtalkSecret, l)
	if err != nil {
		return nil, err
	}
	all, err := Traps(s.trapTarget, s.trapCommunity, s.trapBaseOID)
	if all = append(robots, all...); len(all) == 0 {
		all = []Destination{{Sender: Printer(stdout), Name: "printer"}}
	}
	return all, err
}
