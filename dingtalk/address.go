package dingtalk

import (
	"net/url"
	"strings"

	"github.com/tocsin-go/tocsin/internal/webhook"
)

// tokenName is the parameter of the webhook URL that holds the token.
const tokenName = "access_token"

// maxToken bounds the secret in bytes, as it does a token. Those seen have
// some 64.
const maxToken = 256

// parseAddress takes a bare token or a whole webhook URL and returns where to
// post, without the token, and the token. The vendor has hosts for China and
// for the rest of the world.
func parseAddress(tokenOrURL, base string) (endpoint *url.URL, token string, err error) {
	return webhook.Form{
		Credential: "token",
		Parameter:  tokenName,
		Base:       "https://oapi.dingtalk.com",
		Path:       "/robot/send",
		Domains:    []string{"dingtalk.com", "dingtalk.io"},
		Refuse: func(_ *url.URL, query url.Values) string {
			switch {
			case query.Has("secret"):
				return "the secret goes into Options, not into the webhook URL"
			case query.Has("sign") || query.Has("timestamp"):
				return "the webhook URL is signed already, which holds for an hour: give it without timestamp and sign, and the secret in Options"
			}
			return ""
		},
	}.Parse(tokenOrURL, base)
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
