// Package ocpchannel brings an alarm that a script channel of OceanBase Cloud
// Platform (OCP) was started for to group robots: its settings, the text of the
// messages, and what is remembered between two runs.
package ocpchannel

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/ocp"
)

// Deliver reads the settings, those of the file beside the program among them,
// and sends an alarm to all robots. Everything happens in here, so that a
// mistake in a setting reaches OCP as any other failure does.
func Deliver(ctx context.Context, p *ocp.Payload, args []string, getenv func(string) string, file string) error {
	s, err := readSettings(args, getenv, file)
	if err != nil {
		return fmt.Errorf("ocp-dingtalk: %w", err)
	}
	robots, err := s.robots(p)
	if err != nil {
		return fmt.Errorf("ocp-dingtalk: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.get(timeout).time(time.Hour)) // ocp.Main allows less
	defer cancel()
	return deliver(ctx, robots, p)
}

// Usage is what -help prints.
func Usage() string {
	var b strings.Builder
	b.WriteString("Ocp-dingtalk is the custom script of an OCP alert channel: it brings each alarm\nto a group of DingTalk, of WeCom, or of both.\n\n" +
		"Each setting is a line \"name = value\" of ocp-dingtalk.conf beside the program, a\nvariable such as TOCSIN_DINGTALK_URL, or a file named by TOCSIN_DINGTALK_URL_FILE;\n" +
		"all but the secret ones are flags as well. -config names another file.\n\n")
	for _, s := range newSettings() {
		secret := ""
		if s.secret {
			secret = " (secret)"
		}
		fmt.Fprintf(&b, "  %s%s\n        %s\n", s.name, secret, s.usage)
	}
	return b.String()
}
