package dingtalk

import (
	"fmt"
	"strings"
)

// A Reason tells apart the security settings of a robot, all of which refuse
// with CodeSecurity. It is an error, and an [Error] that has one matches it:
// errors.Is(err, dingtalk.ReasonSign) works.
//
// The vendor gives it in words only, which have changed before. Words that are
// not known leave ReasonNone.
type Reason uint8

// The reasons.
const (
	ReasonNone      Reason = iota // not CodeSecurity, or not known
	ReasonKeyword                 // no keyword in the message: set [Options].Keyword
	ReasonTimestamp               // the clock of this host is off by more than an hour
	ReasonSign                    // [Options].Secret is wrong, or missing
	ReasonAddress                 // the robot does not serve the address this host calls from
)

// Error returns the meaning of r.
func (r Reason) Error() string {
	meanings := [...]string{
		"no reason known",
		"the message holds no keyword of the robot",
		"the timestamp is off by more than an hour",
		"the signature does not match, the secret is wrong or missing",
		"the robot does not serve the address that this host calls from",
	}
	if int(r) >= len(meanings) {
		return fmt.Sprintf("Reason(%d)", uint8(r))
	}
	return meanings[r]
}

// class returns what to do about r.
func (r Reason) class() Class {
	if r == ReasonKeyword {
		return ClassFix
	}
	return ClassDead
}

// readReason finds the reason in the vendor's text. The word for signature
// comes last: the text about an old timestamp holds it too.
func readReason(text string) Reason {
	text = strings.ToLower(text)
	switch {
	case holdsAny(text, "keyword", "关键词", "关键字"):
		return ReasonKeyword
	case saysAddress(text):
		return ReasonAddress
	case holdsAny(text, "timestamp", "时间戳", "过期"):
		return ReasonTimestamp
	case holdsAny(text, "sign", "签名"):
		return ReasonSign
	}
	return ReasonNone
}

// saysAddress reports whether a text is about the addresses that may call.
func saysAddress(text string) bool { return holdsAny(strings.ToLower(text), "whitelist", "白名单") }

// saysTooFast reports whether a text is about a rate, whatever the code says.
// That something exceeds something is not enough: it may be a length.
func saysTooFast(text string) bool {
	return holdsAny(strings.ToLower(text), "too fast", "限流", "太快")
}

// holdsAny reports whether s contains one of words.
func holdsAny(s string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
