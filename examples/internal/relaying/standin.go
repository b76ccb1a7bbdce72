package relaying

import (
	"cmp"
	"context"

	"github.com/tocsin-go/tocsin/examples/internal/printing"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

// standInOID is the number that IANA keeps for documentation.
const standInOID = "1.3.6.1.4.1.32473"

// attract makes stand-ins the destinations. A community and a base OID that
// were set stay, so that traps can be looked at before they go out.
func (c *Config) attract(s *printing.StandIns) {
	c.wecom.urls = []string{s.WecomURL()}
	c.dingtalk.urls = []string{s.DingTalkURL()}
	c.trap.targets = []string{s.Trap()}
	c.trap.community = cmp.Or(c.trap.community, "public")
	c.trap.baseOID = cmp.Or(c.trap.baseOID, standInOID)
}

// addSandbox starts the page that shows what destinations receive, and adds its
// robots and its console to those that print. The relay can do without it.
func (r *relay) addSandbox(ctx context.Context, opts *sandbox.Options) {
	s, err := sandbox.Start(context.WithoutCancel(ctx), opts) // messages under way at a stop still arrive
	if err != nil {
		r.log.Warn("no page shows what arrives, which is printed all the same", "error", err)
		return
	}
	r.sandbox = s
	r.closers = append(r.closers, s)
	r.config.attractToo(s.Targets())
}

// attractToo makes the sandbox a second destination of each kind. Its console
// takes one community only: it is left out if another one is to be looked at.
func (c *Config) attractToo(t sandbox.Targets) {
	c.wecom.urls = append(c.wecom.urls, t.Wecom)
	c.dingtalk.urls = append(c.dingtalk.urls, t.DingTalk)
	c.dingtalk.secrets = []string{"", t.DingTalkSecret} // the one that prints does not sign
	if c.trap.community == t.TrapCommunity {
		c.trap.targets = append(c.trap.targets, t.Trap)
	}
}
