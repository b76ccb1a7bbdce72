package main

import (
	"errors"
	"net"
	"strconv"

	"github.com/tocsin-go/tocsin/snmptrap"
)

type trapConfig struct {
	targets   []string // host:port
	community string
	baseOID   string
	layout    snmptrap.Layout
}

// errNoBaseOID explains a choice that only the operator can make.
var errNoBaseOID = errors.New("needs -trap-base-oid: a number of your own, which IANA gives to every organisation for nothing " +
	"(Private Enterprise Numbers); to keep filters made for the original relay, 1.3.6.1.4.1.12149, which belongs to Enalur")

func (c *config) judgeTrap(f *form) error {
	c.trap = trapConfig{targets: f.target.list(), community: f.community.text(), baseOID: f.baseOID.text(), layout: snmptrap.Seed}
	if f.layout.origin != "" {
		var err error
		if c.trap.layout, err = snmptrap.ParseLayout(f.layout.text()); err != nil {
			return f.layout.refuse("neither seed nor full")
		}
	}
	if f.target.origin == "" {
		return nil
	}
	for i, t := range c.trap.targets {
		host, port, err := net.SplitHostPort(t)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
			return f.target.refuse("entry %d is not of the form host:port, such as nms.example.com:162", i+1)
		}
	}
	switch {
	case len(c.trap.targets) == 0:
		return f.target.refuse("names no receiver")
	case c.trap.baseOID == "":
		return f.target.refuse("%w", errNoBaseOID)
	case c.trap.community == "":
		return f.target.refuse("needs -trap-community, better as TOCSIN_TRAP_COMMUNITY_FILE")
	}
	return nil
}
