package ocpchannel

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/wecom"
)

// How long OCP's text gets, in bytes. DingTalk takes 20000 of the whole message
// as JSON, with title, keyword and what stands around them.
const (
	maxDingtalkText = 18000
	maxTitle        = 200
)

// dingtalkMessage is OCP's text as a message for DingTalk.
func dingtalkMessage(p *ocp.Payload, foot string, l alert.Locale) dingtalk.Message {
	title := cut(strings.ReplaceAll(printable(cmp.Or(p.Alert().Name, "OCP")), "\n", " "), maxTitle, "…", inJSON)
	return dingtalk.Markdown{Title: title, Text: withFoot(printable(p.Message), foot, maxDingtalkText, l, inJSON)}
}

// wecomMessage is OCP's text as a message for WeCom, whose markdown mentions
// members by <@userid>: whom to wake is not for a log line to say.
func wecomMessage(p *ocp.Payload, foot string, l alert.Locale) wecom.Message {
	text := strings.ReplaceAll(printable(p.Message), "<@", "＜@")
	return wecom.Markdown{Content: withFoot(text, foot, wecom.MaxMarkdown, l, utf8.RuneLen)}
}

// withFoot returns text, cut where it must be, and a foot that is not.
func withFoot(text, foot string, limit int, l alert.Locale, size func(rune) int) string {
	if foot = strings.TrimSpace(printable(foot)); foot != "" {
		foot = "\n\n" + foot
	}
	for _, r := range foot {
		limit -= size(r)
	}
	return cut(text, limit, "\n\n"+l.Cut(), size) + foot
}

// printable removes from a text what cannot be seen: control characters, and
// those that turn the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}

// cut returns s, which is valid UTF-8, in at most limit bytes as size counts
// them, with a visible mark where it was cut.
func cut(s string, limit int, mark string, size func(rune) int) string {
	room := limit
	for _, r := range mark {
		room -= size(r)
	}
	total, fits := 0, 0
	for i, r := range s {
		if total <= room {
			fits = i
		}
		if total += size(r); total > limit {
			return s[:fits] + mark
		}
	}
	return s
}

// inJSON is how many bytes a rune takes in JSON at most.
func inJSON(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\t':
		return 2
	case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
		return 6
	}
	return utf8.RuneLen(r)
}
