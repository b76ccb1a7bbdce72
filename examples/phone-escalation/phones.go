package main

import (
	"strings"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/pigeon"
)

// judgePigeon makes what calls through Kompira Pigeon, if it is set.
func (f *form) judgePigeon(c *config) (err error) {
	if !f.space.Given() {
		return nil
	}
	if c.client, err = pigeon.New(f.space.Text(""), f.token.Text(""), nil); err != nil {
		return f.space.Refuse("%w", err)
	}
	plan := pigeon.Request{CallFlowID: f.callflow.Text(""), GuidanceID: f.guidance.Text("")}
	if c.calls, err = pigeon.NewSender(c.client, plan, &pigeon.SenderOptions{Locale: c.locale}); err != nil {
		return f.callflow.Refuse("%w", err)
	}
	for _, key := range f.take.List() {
		if len(key) != 1 || key < "1" || key > "9" {
			return f.take.Refuse("want a key from 1 to 9")
		}
		if c.keys == nil {
			c.keys = pigeon.Keys{}
		}
		c.keys[key] = true
	}
	return nil
}

// judgeCalls reads whom the phones ring, if anybody.
func (f *form) judgeCalls(c *config) (err error) {
	for _, entry := range f.call.List() {
		name, number, named := strings.Cut(entry, "=")
		if !named {
			name, number = "", entry
		}
		c.people = append(c.people, autocall.Person{Name: name, Number: number})
	}
	if len(c.people) == 0 {
		return nil
	}
	if _, err := autocall.NewSender(nobody{}, c.people, nil); err != nil {
		return f.call.Refuse("%w", err)
	}
	c.phoneToken = f.phoneToken.Text("")
	if _, err := autocall.NewHandler(nobody{}, map[string]string{"phone": c.phoneToken}, nil); err != nil {
		return f.phoneToken.Refuse("want at least 16 letters, digits and -._~")
	}
	c.rounds, err = f.rounds.Number(2, 1, autocall.MaxRounds)
	return err
}

// nobody is a queue to judge settings with.
type nobody struct{ autocall.Queue }
