package inbound

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
)

// LabelAccount is the label with the name of the account whose secret the caller
// knew.
const LabelAccount = "account"

// maxName bounds the name of an account in bytes.
const maxName = 48

// An Account is one of several sources that call the same webhook, each with a
// secret of its own. It does not print its secret.
type Account struct {
	Name   string `json:"name"` // one line of 1 to 48 bytes
	Secret string `json:"-"`    // letters, digits and -._~
}

// Format writes the name, whatever the verb is.
func (a Account) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, PlainName(a.Name)) }

// PlainName makes a name fit for one line.
func PlainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(name, "?"))
}

// An account is an [Account] whose secret is hidden. That of the bare secret has
// no name.
type account struct {
	name    string
	secret  Secret
	notices *notices
}

// newAccounts checks the secrets that may call, and hides them.
func newAccounts(bare string, accounts []Account) ([]account, error) {
	var all []account
	if bare != "" || len(accounts) == 0 {
		if !FitsPath(bare) {
			return nil, errors.New("the secret must be letters, digits and -._~ and not only dots")
		}
		all = append(all, account{secret: NewSecret(bare), notices: newNotices()})
	}
	for _, a := range accounts {
		c := account{name: a.Name, secret: NewSecret(a.Secret), notices: newNotices()}
		switch {
		case a.Name == "" || len(a.Name) > maxName || a.Name != strings.TrimSpace(PlainName(a.Name)):
			return nil, fmt.Errorf("account name %.60q: want one line of 1 to %d bytes without blanks around it", PlainName(a.Name), maxName)
		case !FitsPath(a.Secret):
			return nil, fmt.Errorf("account %q: the secret must be letters, digits and -._~ and not only dots", a.Name)
		case slices.ContainsFunc(all, func(other account) bool { return other.name == c.name }):
			return nil, fmt.Errorf("account %q is given twice", a.Name)
		case slices.ContainsFunc(all, func(other account) bool { return other.secret == c.secret }):
			return nil, fmt.Errorf("account %q: another account has the same secret", a.Name)
		}
		all = append(all, c)
	}
	return all, nil
}

// identify returns the account whose secret the request holds, or nil. The
// secret in the path counts before one in a header, which a gateway may have
// set for purposes of its own. All are compared, so that the time tells nothing.
func (d *Receiver) identify(r *http.Request) (known *account) {
	_, last := Last(r.URL.Path)
	for _, given := range [...]string{Bearer(r), last} {
		for i := range d.accounts {
			if d.accounts[i].secret.Opens(given) {
				known = &d.accounts[i]
			}
		}
	}
	return known
}

// attribute says in the alerts whose they are. Those of the bare secret stay as
// they are.
func (g *Request) attribute(alerts []alert.Alert) {
	if g.Account == "" {
		return
	}
	for i := range alerts {
		a := &alerts[i]
		a.ID, a.Key = g.identity(a.ID), g.identity(a.Key)
		if a.Labels == nil {
			a.Labels = map[string]string{}
		}
		a.Labels[LabelAccount] = g.Account
		if len(g.receiver.accounts) > 1 {
			// In front, where no channel cuts it off.
			a.Summary = strings.TrimSuffix(wordsOf(g.receiver.Locale).account+": "+g.Account+"\n"+a.Summary, "\n")
		}
	}
}

// identity returns an identity that no other account shares.
func (g *Request) identity(own string) string {
	if own == "" {
		return ""
	}
	name := g.Account
	if !isPlain(name) {
		name = Digest(name)
	}
	prefix := "account/" + name + "/"
	if len(prefix)+len(own) > maxIdentity {
		own = Digest(own)
	}
	return prefix + own
}
