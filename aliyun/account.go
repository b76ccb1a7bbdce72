package aliyun

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// Names of labels that filters ask for. A label is absent when the callback
// does not say it.
const (
	// LabelAccount is the name of the [Account] whose secret the caller knew.
	LabelAccount = "account"
	// LabelUserID is the number of the cloud account, as the callback says it.
	LabelUserID = "userId"
	// LabelGroupID is the number of the application group.
	LabelGroupID = "groupId"
	// LabelRuleName is the name of the event rule.
	LabelRuleName = "ruleName"
	// LabelMetricName is the metric of a threshold alert.
	LabelMetricName = "metricName"
	// LabelStrategyName is the name of the subscription policy.
	LabelStrategyName = "strategyName"
)

// An Account is one of several cloud accounts that call the same [Handler],
// each with a secret of its own. It does not print its secret.
//
// The name becomes the label [LabelAccount] of each of its alerts. It is part of
// Key and ID too: two accounts may have rules and instances of equal names, and
// older callbacks say nothing that tells them apart. A problem that begins
// under one name and ends under another is therefore not recognised as one.
type Account struct {
	Name   string `json:"name"` // one line of 1 to 48 bytes
	Secret string `json:"-"`    // as for [NewHandler]
}

// Format writes the name, whatever the verb is.
func (a Account) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, cleanKey(a.Name)) // a State has nobody to tell
}

// An account is an [Account] whose secret is hidden. That of the bare secret has
// no name.
type account struct {
	name    string
	secret  inbound.Secret
	notices *notices
}

// newAccounts checks the secrets that may call, and hides them.
func newAccounts(bare string, accounts []Account) ([]account, error) {
	var all []account
	if bare != "" || len(accounts) == 0 {
		if !inbound.FitsPath(bare) {
			return nil, errors.New("the secret must be letters, digits and -._~ and not only dots")
		}
		all = append(all, account{secret: inbound.NewSecret(bare), notices: newNotices()})
	}
	for _, a := range accounts {
		c := account{name: a.Name, secret: inbound.NewSecret(a.Secret), notices: newNotices()}
		switch {
		case a.Name == "" || a.Name != strings.TrimSpace(cleanKey(a.Name)):
			return nil, fmt.Errorf("account name %q: want one line of 1 to %d bytes without blanks around it", cleanKey(a.Name), maxKey)
		case !inbound.FitsPath(a.Secret):
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
func (h *Handler) identify(r *http.Request) (known *account) {
	_, last := inbound.Last(r.URL.Path)
	for _, given := range [...]string{inbound.Bearer(r), last} {
		for i := range h.accounts {
			if h.accounts[i].secret.Opens(given) {
				known = &h.accounts[i]
			}
		}
	}
	return known
}

// attribute says in the alerts whose they are. Those of the bare secret stay as
// they are.
func (h *Handler) attribute(from *account, alerts []alert.Alert) {
	if from.name == "" {
		return
	}
	for i := range alerts {
		a := &alerts[i]
		a.ID, a.Key = from.identity(a.ID), from.identity(a.Key)
		if a.Labels == nil {
			a.Labels = map[string]string{}
		}
		a.Labels[LabelAccount] = from.name
		if len(h.accounts) > 1 {
			// In front, where no channel cuts it off.
			a.Summary = strings.TrimSuffix(wordsOf(h.opts.Locale).account+": "+from.name+"\n"+a.Summary, "\n")
		}
	}
}

// identity returns an identity that no other account shares.
func (a *account) identity(own string) string {
	if own == "" {
		return ""
	}
	name := a.name
	if !plainPart(name) {
		name = digest(name)
	}
	prefix := "account/" + name + "/"
	if len(prefix)+len(own) > maxIdentity {
		own = digest(own)
	}
	return prefix + own
}
