package aliyun

import (
	"net/url"
	"strings"
	"unicode"
)

// maxURL bounds a link in bytes. Longer ones are cut by browsers and chats.
const maxURL = 2048

// link returns the first usable of the links that the fields hold under the
// given names, without regard to letter case. Text from outside becomes a link
// that people click: anything doubtful is no link.
func link(fields Fields, names ...string) string {
	for _, name := range names {
		for _, f := range fields {
			if strings.EqualFold(f.Key, name) {
				if u := webURL(f.Value); u != "" {
					return u
				}
			}
		}
	}
	return ""
}

// webURL returns text if it is an absolute http or https URL without a user
// and without characters that no URL contains, and "" otherwise.
func webURL(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxURL || strings.ContainsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune("<>\"`\\", r)
	}) {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return text
}
