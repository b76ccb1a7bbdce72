// Package webhook reads the address of a group robot, as people paste it: a
// bare credential, or the whole URL that holds it.
package webhook

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCredential bounds a credential in bytes. Those of the vendors have 36 and
// 64.
const maxCredential = 256

// A Form is how the webhooks of one vendor look.
type Form struct {
	Credential string   // what it is called: "key"
	Parameter  string   // of the URL that holds it: "key", "access_token"
	Base       string   // the vendor's address, for a bare credential
	Path       string   // of the webhook
	Domains    []string // the vendor's: the hosts named, and all below them

	// Refuse says what is wrong with a URL that people mistake for a webhook,
	// or returns "". It may be nil.
	Refuse func(u *url.URL, query url.Values) string
}

// Parse takes a bare credential or a whole webhook URL and returns where to
// post, without the credential, and the credential. A bare one goes to base,
// or to the vendor if that is empty. No error quotes its input: that holds the
// credential even if it is in the wrong place.
func (f Form) Parse(given, base string) (endpoint *url.URL, credential string, err error) {
	s := strings.TrimSpace(given)
	switch {
	case s == "":
		return nil, "", errors.New("the " + f.Credential + " is empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, isBlank):
		return nil, "", errors.New("the " + f.Credential + " holds blanks, control characters or bytes that are not UTF-8")
	case strings.Count(s, "://") > 1:
		return nil, "", errors.New("the webhook URL holds another URL where the " + f.Credential + " should be")
	case strings.Contains(s, "://"):
		if base != "" {
			return nil, "", errors.New("BaseURL and a whole webhook URL exclude each other: give the bare " + f.Credential)
		}
		return f.parseURL(s)
	}
	if err := f.check(s); err != nil {
		return nil, "", err
	}
	endpoint, err = f.parseBase(cmp.Or(base, f.Base))
	return endpoint, s, err
}

// parseURL takes a webhook URL apart. At the vendor's own hosts the path must
// be right. Another host is a gateway of the house or a stand-in, which may
// have any path.
func (f Form) parseURL(s string) (endpoint *url.URL, credential string, err error) {
	u, err := f.parsePlain(s)
	if err != nil {
		return nil, "", err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if f.Refuse != nil {
		if reason := f.Refuse(u, query); reason != "" {
			return nil, "", errors.New(reason)
		}
	}
	switch {
	case f.isVendor(u) && u.Path != f.Path:
		return nil, "", errors.New("the path of a webhook URL is " + f.Path)
	case err != nil || len(query) > 1 || len(query[f.Parameter]) > 1:
		return nil, "", errors.New("a webhook URL has one parameter, " + f.Parameter)
	case query.Get(f.Parameter) == "":
		return nil, "", errors.New("the webhook URL has no " + f.Parameter)
	}
	credential = query.Get(f.Parameter)
	u.RawQuery = ""
	return u, credential, f.check(credential)
}

// parseBase turns a base address into that of the webhook.
func (f Form) parseBase(s string) (*url.URL, error) {
	u, err := f.parsePlain(s)
	if err != nil {
		return nil, errors.New("BaseURL: " + err.Error())
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, errors.New("BaseURL: holds a query")
	}
	return u.JoinPath(f.Path), nil
}

// parsePlain parses an http or https URL without user and fragment. A stand-in
// or a gateway in the house may use http; the vendor's hosts may not, since
// the credential would cross the internet in the open.
func (f Form) parsePlain(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil: // its text quotes the input
		return nil, errors.New("not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the URL begins with neither https:// nor http://")
	case u.Hostname() == "":
		return nil, errors.New("the URL has no host")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("the URL holds a user or a fragment")
	case u.Scheme == "http" && f.isVendor(u):
		return nil, errors.New("the vendor's address begins with https://, http would show the " + f.Credential)
	}
	return u, nil
}

// isVendor reports whether u is on one of the vendor's hosts, in whatever
// spelling leads there.
func (f Form) isVendor(u *url.URL) bool {
	host := "." + strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, domain := range f.Domains {
		if strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// check refuses what cannot be a credential. The vendors document no shape, so
// every character that a URL carries unescaped will do.
func (f Form) check(s string) error {
	switch {
	case len(s) > maxCredential:
		return errors.New("the " + f.Credential + " is too long")
	case strings.ContainsFunc(s, func(r rune) bool { return !isUnreserved(r) }):
		return errors.New("neither a bare " + f.Credential + " nor a webhook URL: a " + f.Credential +
			" is made of letters, digits and -_.~, a URL begins with https://")
	}
	return nil
}

// isUnreserved reports whether a URL carries r unescaped everywhere.
func isUnreserved(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.~", r)
}

// isBlank reports whether r has no business in an address.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
