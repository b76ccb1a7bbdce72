package inbound

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
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
//
// To change a secret, give the old one and the new one with the same Name until the
// source has the new one: the log says "secret=2" for callbacks with the second.
type Account struct {
	Name   string `json:"name"` // one line of up to 48 bytes; empty: that of the bare secret
	Secret string `json:"-"`    // at least 16 letters, digits and -._~

	// UserIDs are the numbers of the cloud accounts that the secret may speak for. A
	// callback of CloudMonitor that says another one is refused with 403, and a
	// Warning tells of it, as of one that cannot be read. Default: any.
	UserIDs []string `json:"userIds,omitzero"`
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

// An account is an [Account] whose secret is hidden.
type account struct {
	name    string
	number  int // of the secret, among those of the name; 0: the only one
	secret  Secret
	userIDs []string
	notices *notices
}

// newAccounts checks the secrets that may call, and hides them.
func newAccounts(bare string, accounts []Account) ([]account, error) {
	if bare != "" || len(accounts) == 0 {
		accounts = slices.Insert(slices.Clone(accounts), 0, Account{Secret: bare})
	}
	var all []account
	for _, a := range accounts {
		c := account{name: a.Name, secret: NewSecret(a.Secret), userIDs: slices.Clone(a.UserIDs), notices: newNotices()}
		if len(a.Name) > maxName || a.Name != strings.TrimSpace(PlainName(a.Name)) {
			return nil, fmt.Errorf("account name %.60q: want one line of up to %d bytes without blanks around it", PlainName(a.Name), maxName)
		}
		err := CheckSecret(a.Secret)
		for i := range all {
			switch other := &all[i]; {
			case other.secret.Equal(c.secret):
				err = errors.New("the secret is given twice")
			case other.name == c.name:
				other.number = max(1, other.number)
				c.number, c.notices = other.number+1, other.notices
			}
		}
		if err != nil && a.Name != "" {
			err = fmt.Errorf("account %q: %w", a.Name, err)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// attrs says in a log whose secret was used.
func (a *account) attrs() (attrs []slog.Attr) {
	if a.name != "" {
		attrs = append(attrs, slog.String("account", a.name))
	}
	if a.number > 0 {
		attrs = append(attrs, slog.Int("secret", a.number))
	}
	return attrs
}

// MaySpeakFor reports whether the secret of the request is good for a cloud account:
// who knows that of one could else end the problems of another. Of what says no
// account nothing is known.
func (g *Request) MaySpeakFor(userID string) bool {
	return len(g.from.userIDs) == 0 || userID == "" || slices.Contains(g.from.userIDs, userID)
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
		if g.receiver.several {
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
