// Package callbacks has the setting -callback-secret, which programs that take
// callbacks of CloudMonitor and of OceanBase OCP share: who may call, and what to
// enter in the console.
package callbacks

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Path and OCP stand before the secret.
const (
	Path = "/aliyun/"
	OCP  = "/ocp/"
)

// Usage is that of the setting, which is a list.
const Usage = "callbacks are taken at /aliyun/`secret`, those of OceanBase OCP at /ocp/secret, or with the header \"Authorization: Bearer secret\"; name=secret for one of several accounts, " +
	"with at least 16 characters, may be repeated; without any, one is made and the URL printed"

// minNamed is the length of the shortest secret that has a name. It also keeps
// secret=name from being taken for name=secret: the name is shown in each alert.
const minNamed = 16

// Secrets open the webhook.
type Secrets struct {
	Bare     string // without a name; empty: none
	Accounts []aliyun.Account
	Made     bool // Bare is of this run, and nobody knows it yet
}

// Read reads the setting. Its errors quote no value.
func Read(s *cli.Setting) (c Secrets, err error) {
	pairs, err := s.Pairs("")
	if err != nil {
		return c, err
	}
	if !s.Given() {
		return Secrets{Bare: rand.Text(), Made: true}, nil
	}
	for i, p := range pairs {
		if err := try(p); err != nil {
			return c, s.Refuse("entry %d: %w", i+1, err)
		}
		if p.Name == "" {
			c.Bare = p.Value
		} else {
			c.Accounts = append(c.Accounts, aliyun.Account{Name: p.Name, Secret: p.Value})
		}
	}
	if len(pairs) == 0 {
		return c, s.Refuse("names no secret")
	}
	return c, nil
}

// try judges one secret by the package that will compare it, whose errors may quote
// the name.
func try(p cli.Pair) error {
	nobody := alert.Fanout()
	if _, err := aliyun.NewHandler(nobody, p.Value, nil); err != nil {
		return errors.New("want only letters, digits and . _ ~ - in the secret, and not only dots")
	}
	if p.Name == "" {
		return nil
	}
	if len(p.Value) < minNamed {
		return fmt.Errorf("want name=secret, with a secret of at least %d characters", minNamed)
	}
	if _, err := aliyun.NewHandler(nobody, "", &aliyun.Options{Accounts: []aliyun.Account{{Name: p.Name, Secret: p.Value}}}); err != nil {
		return errors.New("want a name of one line, 1 to 48 bytes, without blanks around it")
	}
	return nil
}

// First is a secret for callbacks that the program sends itself.
func (c Secrets) First() string {
	if c.Bare == "" {
		return c.Accounts[0].Secret
	}
	return c.Bare
}

// Shortest is the length of the shortest secret.
func (c Secrets) Shortest() int {
	n := len(c.First())
	for _, a := range c.Accounts {
		n = min(n, len(a.Secret))
	}
	return n
}

// Announce tells what to enter in the console, given the URL of the server. A
// secret is shown only if there is no other way to learn it.
func (c Secrets) Announce(server string) string {
	if c.Made {
		return "Callback URL (made for this run; set -callback-secret to keep one):\n  " + server + Path + c.Bare + "\n" +
			"  " + server + OCP + c.Bare + " (OceanBase OCP)\n"
	}
	var b strings.Builder
	if c.Bare != "" {
		fmt.Fprintf(&b, "Callback URL: %s%s and the secret\n", server, Path)
	}
	for _, a := range c.Accounts {
		fmt.Fprintf(&b, "Callback URL of account %s: %s%s and its secret\n", a.Name, server, Path)
	}
	return b.String()
}
