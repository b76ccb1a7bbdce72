package duty

import (
	"log/slog"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/pigeon"
)

// judgePigeon makes what calls through Kompira Pigeon, if it is set.
func (f *form) judgePigeon(c *Config) (err error) {
	if !f.space.Given() {
		return nil
	}
	if c.Client, err = pigeon.New(f.space.Text(""), f.token.Text(""), nil); err != nil {
		return f.space.Refuse("%w", err)
	}
	plan := pigeon.Request{CallFlowID: f.callflow.Text(""), GuidanceID: f.guidance.Text("")}
	ringer, err := alert.NewRinger(&alert.RingPolicy{Tests: f.testCall.On()})
	if err != nil {
		return err
	}
	if c.Calls, err = pigeon.NewSender(c.Client, plan, &pigeon.SenderOptions{Locale: c.Locale, Ring: ringer}); err != nil {
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
func (f *form) judgeCalls(c *Config, log *slog.Logger) (err error) {
	var people []autocall.Person
	for _, entry := range f.call.List() {
		at := strings.IndexByte(entry, '=') // -1: no name
		people = append(people, autocall.Person{Name: strings.TrimSpace(entry[:max(at, 0)]), Number: entry[at+1:]})
	}
	if len(people) == 0 {
		if f.rota.Given() {
			return f.rota.Refuse("needs the numbers of its people: -call name=number")
		}
		return nil
	}
	if _, err := autocall.NewSender(nobody{}, people, nil); err != nil {
		return f.call.Refuse("%w", err)
	}
	if c.Roster, err = NewRoster(people, f.rota.Text(""), log); err != nil {
		return f.rota.Refuse("%w", err)
	}
	if c.PhoneToken = f.phoneToken.Text(""); f.testCall.On() || f.rehearse.Given() {
		return nil // no phone polls this process
	}
	if _, err := autocall.NewHandler(nobody{}, []autocall.Handset{{Name: "phone", Token: c.PhoneToken}}, nil); err != nil || cli.Weak(c.PhoneToken) {
		return f.phoneToken.Refuse("want at least 16 letters, digits and -._~ that are not easily guessed")
	}
	c.Rounds, err = f.rounds.Number(2, 1, autocall.MaxRounds)
	return err
}

// nobody is a queue to judge settings with.
type nobody struct{ autocall.Queue }
