// Package callbacks has the setting -callback-secret, which programs that take
// callbacks of CloudMonitor and of OceanBase OCP share: who may call, and what to
// enter in the console.
package callbacks

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// Path and OCP stand before the secret.
const (
	Path = "/aliyun/"
	OCP  = "/ocp/"
)

// Usage is that of the setting, which is a list.
const Usage = "callbacks are taken at /aliyun/`secret`, those of OceanBase OCP at /ocp/secret, or with the header \"Authorization: Bearer secret\", of at least 16 characters; name=secret for one of " +
	"several accounts, name@id=secret if it may speak for that account id only (id+id for two); may be repeated, also for one account while " +
	"its secret is changed; without any, one is made and the URL printed"

// Secrets open the webhook.
type Secrets struct {
	Bare     string // the first without a name; empty: none
	Accounts []aliyun.Account
	Made     bool // Bare is of this run, and nobody knows it yet
}

// Read reads the setting. Its errors quote no value.
func Read(s *cli.Setting) (c Secrets, err error) {
	if !s.Given() {
		return Secrets{Bare: rand.Text(), Made: true}, nil
	}
	var all []aliyun.Account
	for i, entry := range s.List() {
		a, err := parse(entry)
		if err != nil {
			return c, s.Refuse("entry %d: %w", i+1, err)
		}
		if same := slices.IndexFunc(all, func(other aliyun.Account) bool { return other.Secret == a.Secret }); same >= 0 {
			return c, s.Refuse("entry %d has the secret of entry %d", i+1, same+1)
		}
		all = append(all, a)
		if a.Name == "" && len(a.UserIDs) == 0 && c.Bare == "" {
			c.Bare = a.Secret
		} else {
			c.Accounts = append(c.Accounts, a)
		}
	}
	if len(all) == 0 {
		return c, s.Refuse("names no secret")
	}
	return c, nil
}

// parse reads secret, name=secret or name@id+id=secret.
func parse(entry string) (a aliyun.Account, err error) {
	before, behind, named := strings.Cut(entry, "=")
	if !named {
		before, behind = "", entry
	}
	a.Name, a.Secret = strings.TrimSpace(before), strings.TrimSpace(behind)
	if named && (a.Name == "" || a.Secret == "") {
		return a, errors.New("nothing before or behind the equals sign")
	}
	if at := strings.LastIndexByte(a.Name, '@'); at >= 0 && strings.Trim(a.Name[at+1:], "0123456789+") == "" {
		a.Name, a.UserIDs = strings.TrimSpace(a.Name[:at]), strings.Split(a.Name[at+1:], "+")
	}
	if inbound.CheckSecret(a.Secret) != nil {
		return a, fmt.Errorf("want a secret, or name=secret, with at least %d letters, digits and . _ ~ - in the secret, and not only dots", inbound.MinSecret)
	}
	if _, err := aliyun.NewHandler(alert.Fanout(), "", &aliyun.Options{Accounts: []aliyun.Account{a}}); err != nil { // it may quote the name
		return a, errors.New("want a name of one line, 1 to 48 bytes, without blanks around it")
	}
	return a, nil
}

// First is a secret for callbacks that the program sends itself.
func (c Secrets) First() string {
	if c.Bare == "" {
		return c.Accounts[0].Secret
	}
	return c.Bare
}

// Announce tells what to enter in the console, given the URL of the server. A
// secret is shown only if there is no other way to learn it.
func (c Secrets) Announce(server string) string {
	if c.Made {
		return "Callback URL (made for this run; set -callback-secret to keep one):\n  " + server + Path + c.Bare + "\n" +
			"  " + server + OCP + c.Bare + " (OceanBase OCP)\n"
	}
	var b strings.Builder
	if c.Bare != "" || slices.ContainsFunc(c.Accounts, func(a aliyun.Account) bool { return a.Name == "" }) {
		fmt.Fprintf(&b, "Callback URL: %s%s and the secret\n", server, Path)
	}
	for i, a := range c.Accounts {
		if slices.ContainsFunc(c.Accounts[:i], func(other aliyun.Account) bool { return other.Name == a.Name }) || a.Name == "" {
			continue // a second secret of an account that was named
		}
		fmt.Fprintf(&b, "Callback URL of account %s: %s%s and its secret\n", a.Name, server, Path)
	}
	return b.String()
}
