package callserver

import (
	"crypto/rand"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// ReadTokens reads the tokens of phones and of the admin, or makes them. Its errors quote
// none.
func (c *Config) ReadTokens(phoneToken, adminToken *cli.Setting) error {
	phones, err := phoneToken.Pairs("phone-")
	if err != nil {
		return err
	}
	for i, p := range phones {
		c.Phones = append(c.Phones, autocall.Handset{Name: p.Name, Token: p.Value})
		if _, err := autocall.NewHandler(stub{}, c.Phones[i:], nil); err != nil {
			return phoneToken.Refuse("entry %d: want a token of at least %d letters, digits and -._~, or name=token", i+1, inbound.MinSecret)
		}
	}
	if phoneToken.Given() && len(c.Phones) == 0 {
		return phoneToken.Refuse("names no phone")
	}
	if c.PhonesMade = len(c.Phones) == 0; c.PhonesMade {
		c.Phones = []autocall.Handset{{Name: "phone-1", Token: rand.Text()}}
	}
	c.AdminToken = adminToken.Text("")
	if c.AdminMade = c.AdminToken == ""; c.AdminMade {
		c.AdminToken = rand.Text()
	}
	if len(c.AdminToken) < inbound.MinSecret {
		return adminToken.Refuse("want at least %d characters", inbound.MinSecret)
	}
	if cli.Weak(c.AdminToken) {
		return adminToken.Refuse("easily guessed: take a random one, as openssl rand -hex 24 prints")
	}
	for i, h := range c.Phones {
		if cli.Weak(h.Token) {
			return phoneToken.Refuse("entry %d is easily guessed: take a random token, as openssl rand -hex 24 prints", i+1)
		}
		if h.Token == c.AdminToken {
			return phoneToken.Refuse("entry %d is the admin token: a phone shows its own", i+1)
		}
	}
	return nil
}

// stub is a queue for [autocall.NewHandler] to judge tokens with.
type stub struct{ autocall.Queue }
