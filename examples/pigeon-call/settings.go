package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/pigeon"
)

// A config is what the operator asked for.
type config struct {
	space, token, user, password string
	allowHTTP                    bool
	request                      pigeon.Request
	keys                         pigeon.Keys // nil: each key that ends the chain
	interval, timeout            time.Duration
	resume, abort                string
}

const about = `Pigeon-call places a telephone call through Kompira Pigeon and shows how it goes.

The token comes from TOCSIN_PIGEON_TOKEN, or from the file that
TOCSIN_PIGEON_TOKEN_FILE names; a space behind HTTP Basic needs
TOCSIN_PIGEON_USER, and TOCSIN_PIGEON_PASSWORD or TOCSIN_PIGEON_PASSWORD_FILE.
Space, call flow and guidance may stand in TOCSIN_PIGEON_SPACE,
TOCSIN_PIGEON_CALLFLOW and TOCSIN_PIGEON_GUIDANCE.

Exit status: 0 somebody took it, 1 nobody did or it was refused, 2 usage,
3 not known.

`

// configure reads the arguments and the environment.
func configure(args []string, getenv func(string) string, help io.Writer) (*config, error) {
	c := &config{request: pigeon.Request{Parameters: map[string]string{}}}
	f := flag.NewFlagSet("pigeon-call", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	var base, take string
	f.StringVar(&c.space, "space", getenv("TOCSIN_PIGEON_SPACE"), "`id` of the space: shibuya for https://shibuya.cloud.kompira.jp")
	f.StringVar(&base, "base-url", "", "`URL` in front of the API instead of -space, for a gateway or a stand-in")
	f.BoolVar(&c.allowHTTP, "allow-http", false, "let -base-url begin with http:// on another host: the token travels in the open")
	f.StringVar(&c.request.CallFlowID, "callflow", getenv("TOCSIN_PIGEON_CALLFLOW"), "`id` of the call flow: whom to call")
	f.StringVar(&c.request.GuidanceID, "guidance", getenv("TOCSIN_PIGEON_GUIDANCE"), "`id` of the guidance: what to say")
	f.Func("param", "`name=value` for a {{name}} of the guidance; may be repeated", c.parameter)
	f.StringVar(&take, "take", "", "`keys` that take the incident, such as 1,4 (default: each key that ends the chain)")
	f.DurationVar(&c.interval, "interval", 15*time.Second, "`time` between two questions how it goes, 5s at least")
	f.DurationVar(&c.timeout, "timeout", 30*time.Minute, "stop watching after this `time`; the chain goes on")
	f.StringVar(&c.resume, "resume", "", "watch the chain of this `resultId` and place none")
	f.StringVar(&c.abort, "abort", "", "stop the chain of this `resultId` and place none")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(help, about)
			f.SetOutput(help)
			f.PrintDefaults()
			return nil, err
		}
		return nil, fmt.Errorf("%w (see -help)", err)
	}
	if err := c.credentials(getenv); err != nil {
		return nil, err
	}
	c.space = cmp.Or(base, c.space)
	return c, c.check(f.NArg(), take)
}

// parameter takes one -param.
func (c *config) parameter(s string) error {
	name, value, found := strings.Cut(s, "=")
	if !found || name == "" {
		return errors.New("want name=value")
	}
	c.request.Parameters[name] = value
	return nil
}

// credentials reads what must not stand among the arguments, where everybody
// on the machine can see it.
func (c *config) credentials(getenv func(string) string) (err error) {
	c.user = getenv("TOCSIN_PIGEON_USER")
	if c.token, _, err = cli.Lookup(getenv, "TOCSIN_PIGEON_TOKEN"); err != nil {
		return err
	}
	c.password, _, err = cli.Lookup(getenv, "TOCSIN_PIGEON_PASSWORD")
	return err
}

// check finds what is missing or contradicts itself.
func (c *config) check(rest int, take string) error {
	switch {
	case rest > 0:
		return fmt.Errorf("%d argument(s) too many: everything is set by flags (see -help)", rest)
	case c.space == "":
		return errors.New("which space? set -space or -base-url (see -help)")
	case c.token == "":
		return errors.New("set TOCSIN_PIGEON_TOKEN or TOCSIN_PIGEON_TOKEN_FILE (see -help)")
	case c.resume != "" && c.abort != "":
		return errors.New("-resume and -abort exclude each other")
	case c.timeout <= 0:
		return errors.New("-timeout: want more than 0")
	case c.resume == "" && c.abort == "" && (c.request.CallFlowID == "" || c.request.GuidanceID == ""):
		return errors.New("whom to call, and what to say? set -callflow and -guidance (see -help)")
	}
	if take == "" {
		return nil
	}
	c.keys = pigeon.Keys{}
	for key := range strings.SplitSeq(take, ",") {
		if key = strings.TrimSpace(key); len(key) != 1 || key < "1" || key > "9" {
			return errors.New("-take: want keys from 1 to 9, separated by commas")
		}
		c.keys[key] = true
	}
	return nil
}
