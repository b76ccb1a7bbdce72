package leaktest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A spelling is one form that a secret may take in a text.
type spelling struct {
	name  string
	text  string
	exact bool // upper and lower case differ
}

// in reports whether a text holds the spelling.
func (s spelling) in(text string) bool {
	if s.exact {
		return strings.Contains(text, s.text)
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(s.text))
}

// spellings returns the forms of a secret, the plain one first.
func spellings(secret string) []spelling {
	all := []spelling{
		{name: "as it is", text: secret},
		{name: "reversed", text: reverse(secret)},
		{name: "escaped for a query", text: url.QueryEscape(secret)},
		{name: "escaped for a path", text: url.PathEscape(secret)},
		{name: "escaped for a query twice", text: url.QueryEscape(url.QueryEscape(secret))},
		{name: "percent-encoded but for letters and digits", text: percent(secret, isAlphanumeric)},
		{name: "percent-encoded", text: percent(secret, func(byte) bool { return false })},
		{name: "quoted", text: unquoted(strconv.Quote(secret))},
		{name: "quoted in ASCII", text: unquoted(strconv.QuoteToASCII(secret))},
		{name: "in JSON", text: inJSON(secret)},
		{name: "escaped for HTML", text: html.EscapeString(secret)},
		{name: "in hexadecimal", text: hex.EncodeToString([]byte(secret))},
		{name: "in hexadecimal with blanks", text: fmt.Sprintf("% x", secret)},
		{name: "as a list of bytes", text: strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")},
		{name: "as a list of bytes in Go", text: strings.Join(strings.Fields(fmt.Sprintf("%# x", secret)), ", ")},
	}
	for shift := range 3 {
		all = append(all,
			spelling{"in base64", inBase64(base64.StdEncoding, secret, shift), true},
			spelling{"in base64 for URLs", inBase64(base64.URLEncoding, secret, shift), true})
	}
	return slices.DeleteFunc(all, func(s spelling) bool { return s.text == "" })
}

// reverse returns a string backwards, character by character.
func reverse(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// percent encodes all bytes but those that may stay.
func percent(s string, stays func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if stays(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
	}
	return b.String()
}

// isAlphanumeric reports whether c is an ASCII letter or digit.
func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// unquoted returns a text without the quotation marks around it.
func unquoted(s string) string { return s[1 : len(s)-1] }

// inJSON returns a string as encoding/json writes it.
func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("leaktest: " + err.Error()) // a string always encodes
	}
	return unquoted(string(text))
}

// inBase64 returns those characters of a text in base64 that depend on nothing
// but the secret, if as many bytes as shift stand before it, modulo 3.
func inBase64(encoding *base64.Encoding, secret string, shift int) string {
	text := encoding.EncodeToString(append(make([]byte, shift), secret...))
	first := (8*shift + 5) / 6
	end := 8 * (shift + len(secret)) / 6
	return text[first:end]
}
