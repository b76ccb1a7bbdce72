package dingtalk

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	vendorBase = "https://oapi.dingtalk.com"
	sendPath   = "/robot/send"
	tokenName  = "access_token"
)

// maxToken bounds a token and a secret in bytes. Tokens are 64 hexadecimal
// digits.
const maxToken = 256

// parseAddress takes a bare token or a whole webhook URL and returns where to
// post, without the token, and the token. No error quotes its input: that
// holds the token even if it is in the wrong place.
func parseAddress(tokenOrURL, base string) (endpoint *url.URL, token string, err error) {
	s := strings.TrimSpace(tokenOrURL)
	switch {
	case s == "":
		return nil, "", errors.New("the token is empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, isBlank):
		return nil, "", errors.New("the token holds blanks, control characters or bytes that are not UTF-8")
	case strings.Count(s, "://") > 1:
		return nil, "", errors.New("the webhook URL holds another URL where the token should be")
	case strings.Contains(s, "://"):
		if base != "" {
			return nil, "", errors.New("BaseURL and a whole webhook URL exclude each other: give the bare token")
		}
		return parseWebhook(s)
	}
	if err := checkToken(s); err != nil {
		return nil, "", err
	}
	endpoint, err = parseBase(cmp.Or(base, vendorBase))
	return endpoint, s, err
}

// parseWebhook takes a webhook URL apart. At the vendor's own hosts the path
// must be right. Another host is a gateway of the house or a stand-in, which
// may have any path.
func parseWebhook(s string) (endpoint *url.URL, token string, err error) {
	u, err := parsePlain(s)
	if err != nil {
		return nil, "", err
	}
	query, err := url.ParseQuery(u.RawQuery)
	switch {
	case isVendor(u) && u.Path != sendPath:
		return nil, "", errors.New("the path of a webhook URL is " + sendPath)
	case query.Has("secret"):
		return nil, "", errors.New("the secret goes into Options, not into the webhook URL")
	case query.Has("sign") || query.Has("timestamp"):
		return nil, "", errors.New("the webhook URL is signed already, which holds for an hour: give it without timestamp and sign, and the secret in Options")
	case err != nil || len(query) > 1 || len(query[tokenName]) > 1:
		return nil, "", errors.New("a webhook URL has one parameter, " + tokenName)
	case len(query[tokenName]) == 0:
		return nil, "", errors.New("the webhook URL has no " + tokenName)
	}
	token = query.Get(tokenName)
	u.RawQuery = ""
	return u, token, checkToken(token)
}

// parseBase turns a base address into that of the webhook.
func parseBase(s string) (*url.URL, error) {
	u, err := parsePlain(s)
	if err != nil {
		return nil, errors.New("BaseURL: " + err.Error())
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, errors.New("BaseURL: holds a query")
	}
	return u.JoinPath(sendPath), nil
}

// parsePlain parses an http or https URL without user and fragment. A stand-in
// or a gateway in the house may use http; the vendor's hosts may not, since
// the token would cross the internet in the open.
func parsePlain(s string) (*url.URL, error) {
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
	case u.Scheme == "http" && isVendor(u):
		return nil, errors.New("the vendor's address begins with https://, http would show the token")
	}
	return u, nil
}

// isVendor reports whether u is on one of the vendor's hosts, of which there
// is one for China and one for the rest of the world.
func isVendor(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return strings.HasSuffix("."+host, ".dingtalk.com") || strings.HasSuffix("."+host, ".dingtalk.io")
}

// checkToken refuses what cannot be a token. The vendor documents no shape, so
// every character that a URL carries unescaped will do.
func checkToken(token string) error {
	switch {
	case token == "":
		return errors.New("the webhook URL has no " + tokenName)
	case len(token) > maxToken:
		return errors.New("the token is too long")
	case !isPlain(token, "-_.~"):
		return errors.New("neither a bare token nor a webhook URL: a token is made of letters, digits and -_.~, a URL begins with https://")
	}
	return nil
}

// isPlain reports whether s has only ASCII letters, digits and the
// characters of more.
func isPlain(s, more string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune(more, r) })
}

// isAlphanumeric reports whether r is an ASCII letter or digit.
func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isBlank reports whether r has no business in an address.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
