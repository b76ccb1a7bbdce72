package wecom

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	vendorBase = "https://qyapi.weixin.qq.com"
	vendorHost = "qyapi.weixin.qq.com"
	sendPath   = "/cgi-bin/webhook/send"
)

// maxKey bounds a key in bytes. Keys look like a UUID, of 36 bytes.
const maxKey = 256

// parseAddress takes a bare key or a whole webhook URL and returns where to
// post, without the key, and the key. No error quotes its input: that holds
// the key even if it is in the wrong place.
func parseAddress(keyOrURL, base string) (endpoint *url.URL, key string, err error) {
	s := strings.TrimSpace(keyOrURL)
	switch {
	case s == "":
		return nil, "", errors.New("the key is empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, isBlank):
		return nil, "", errors.New("the key holds blanks, control characters or bytes that are not UTF-8")
	case strings.Count(s, "://") > 1:
		return nil, "", errors.New("the webhook URL holds another URL where the key should be")
	case strings.Contains(s, "://"):
		if base != "" {
			return nil, "", errors.New("BaseURL and a whole webhook URL exclude each other: give the bare key")
		}
		return parseWebhook(s)
	}
	if err := checkKey(s); err != nil {
		return nil, "", err
	}
	endpoint, err = parseBase(cmp.Or(base, vendorBase))
	return endpoint, s, err
}

// parseWebhook takes a webhook URL apart. At the vendor's own host the path
// and the parameters must be right. Another host is a gateway of the house or
// a stand-in, which may have any path.
func parseWebhook(s string) (endpoint *url.URL, key string, err error) {
	u, err := parsePlain(s)
	if err != nil {
		return nil, "", err
	}
	query, err := url.ParseQuery(u.RawQuery)
	vendors := strings.EqualFold(u.Hostname(), vendorHost)
	switch {
	case strings.HasSuffix(u.Path, "/upload_media"):
		return nil, "", errors.New("this is the upload address, want the one that ends in " + sendPath)
	case vendors && u.Path != sendPath:
		return nil, "", errors.New("the path of a webhook URL is " + sendPath)
	case err != nil || len(query) > 1 || len(query["key"]) > 1:
		return nil, "", errors.New("a webhook URL has one parameter, key")
	case len(query["key"]) == 0:
		return nil, "", errors.New("the webhook URL has no key")
	}
	key = query.Get("key")
	u.RawQuery = ""
	return u, key, checkKey(key)
}

// uploadEndpoint returns where the webhook at endpoint takes uploads, or "" if
// its path is none of the vendor's.
func uploadEndpoint(endpoint *url.URL) string {
	prefix, found := strings.CutSuffix(endpoint.String(), "/send")
	if !found {
		return ""
	}
	return prefix + "/upload_media"
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
// or a gateway in the house may use http; the vendor's host may not, since
// the key would cross the internet in the open.
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
	case u.Scheme == "http" && strings.EqualFold(u.Hostname(), vendorHost):
		return nil, errors.New("the vendor's address begins with https://, http would show the key")
	}
	return u, nil
}

// checkKey refuses what cannot be a key. The vendor documents no shape, so
// every character that a URL carries unescaped will do.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the webhook URL has no key")
	case len(key) > maxKey:
		return errors.New("the key is too long")
	case strings.ContainsFunc(key, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.~", r))
	}):
		return errors.New("neither a bare key nor a webhook URL: a key is made of letters, digits and -_.~, a URL begins with https://")
	}
	return nil
}

// isBlank reports whether r has no business in an address.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
