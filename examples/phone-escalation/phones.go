package main

import (
	"strings"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/duty"
	"github.com/tocsin-go/tocsin/pigeon"
)

// judgePigeon makes what calls through Kompira Pigeon, if it is set.
func (f *form) judgePigeon(c *duty.Config) (err error) {
	if !f.space.Given() {
		return nil
	}
	if c.Client, err = pigeon.New(f.space.Text(""), f.token.Text(""), nil); err != nil {
		return f.space.Refuse("%w", err)
	}
	plan := pigeon.Request{CallFlowID: f.callflow.Text(""), GuidanceID: f.guidance.Text("")}
	if c.Calls, err = pigeon.NewSender(c.Client, plan, &pigeon.SenderOptions{Locale: c.Locale}); err != nil {
		return f.callflow.Refuse("%w", err)
	}
	for _, key := range f.take.List() {
		if len(key) != 1 || key < "1" || key > "9" {
			return f.take.Refuse("want a key from 1 to 9")
		}
		if c.Keys == nil {
			c.Keys = pigeon.Keys{}
		}
		c.Keys[key] = true
	}
	return nil
}

// judgeCalls reads whom the phones ring, if anybody.
func (f *form) judgeCalls(c *duty.Config) (err error) {
	for _, entry := range f.call.List() {
		at := strings.IndexByte(entry, '=') // -1: no name
		c.People = append(c.People, autocall.Person{Name: entry[:max(at, 0)], Number: entry[at+1:]})
	}
	if len(c.People) == 0 {
		return nil
	}
	if _, err := autocall.NewSender(nobody{}, c.People, nil); err != nil {
		return f.call.Refuse("%w", err)
	}
	c.PhoneToken = f.phoneToken.Text("")
	if _, err := autocall.NewHandler(nobody{}, []autocall.Handset{{Name: "phone", Token: c.PhoneToken}}, nil); err != nil {
		return f.phoneToken.Refuse("want at least 16 letters, digits and -._~")
	}
	c.Rounds, err = f.rounds.Number(2, 1, autocall.MaxRounds)
	return err
}

// nobody is a queue to judge settings with.
type nobody struct{ autocall.Queue }
