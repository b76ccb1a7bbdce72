package relaying

import (
	"cmp"

	"github.com/tocsin-go/tocsin/examples/internal/printing"
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
