package destinations

import (
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// Traps makes a Sender of SNMP traps for each console that is set, if any.
func Traps(targets, community, baseOID *cli.Setting) (all []Destination, err error) {
	for i, target := range targets.List() {
		if baseOID.Text("") == "" {
			return nil, targets.Refuse("needs -%s: a number of your own, which IANA gives to every organisation for nothing", baseOID.Name)
		}
		if community.Text("") == "" {
			return nil, targets.Refuse("needs -%s, better as %s_FILE", community.Name, cli.EnvName(community.Name))
		}
		s, err := snmptrap.New([]string{target}, community.Text(""), baseOID.Text(""), nil)
		if err != nil {
			return nil, targets.Refuse("entry %d: %w", i+1, err)
		}
		all = append(all, Destination{s, "trap " + target, outbox.RouteOptions{OnePerKey: true}})
	}
	return all, nil
}
