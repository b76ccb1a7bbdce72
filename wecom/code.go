package wecom

import (
	"fmt"
	"time"
)

// A Code is the errcode of an answer. It is an error, and [Error] unwraps to
// it, so that errors.Is(err, wecom.CodeRateLimited) works.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/90313.
type Code int

// The codes that a program may want to tell apart. Every other code of the
// vendor is judged as well; see [Code.Class].
const (
	CodeBusy             Code = -1    // the vendor is busy
	CodeOK               Code = 0     // accepted
	CodeInvalidMedia     Code = 40007 // media_id expired, or of another robot
	CodeInvalidType      Code = 40008 // unknown msgtype, or JSON that cannot be read
	CodeURLTooLong       Code = 40039 // a URL of more than 1024 bytes
	CodeInvalidParameter Code = 40058 // a field missing, wrong or too long
	CodeEmpty            Code = 44004 // no content
	CodeTooManyArticles  Code = 45008 // more than 8 articles
	CodeRateLimited      Code = 45009 // more than 20 messages a minute
	CodeConcurrency      Code = 45033 // too many calls at once
	CodeInvalidWebhook   Code = 93000 // no such robot, or removed from its group
	CodeDisabled         Code = 93004 // robot disabled
	CodeBadChat          Code = 93006 // bad chat
	CodeNotInGroup       Code = 93008 // robot not in the group
)

// A Class says what to do about a failure.
type Class uint8

// The classes.
const (
	ClassUnknown   Class = iota // a code nobody described: look at it, do not repeat
	ClassRetry                  // a passing fault: send again soon
	ClassWait                   // over a limit: send again after [Error.RetryAfter]
	ClassFix                    // the message is wrong: never send it again as it is
	ClassDead                   // the destination is unusable: tell the operator
	ClassUncertain              // the message left and no verdict came: sending again may show it twice
)

// String returns a lower-case word for c.
func (c Class) String() string {
	words := [...]string{"unknown", "retry", "wait", "fix", "dead", "uncertain"}
	if int(c) >= len(words) {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return words[c]
}

// advice tells a person woken by the error what to do.
func (c Class) advice() string {
	switch c {
	case ClassRetry:
		return "sending again can help"
	case ClassWait:
		return "send again later"
	case ClassFix:
		return "sending the same message again does not help"
	case ClassDead:
		return "the destination needs mending, sending again does not help"
	case ClassUncertain:
		return "it may have arrived, sending again may show it twice"
	}
	return "not known to be worth sending again"
}

// Error returns the number and, for a known code, its meaning.
func (c Code) Error() string {
	if _, meaning := c.judge(); meaning != "" {
		return fmt.Sprintf("errcode %d (%s)", int(c), meaning)
	}
	return fmt.Sprintf("errcode %d", int(c))
}

// Class returns what to do about an answer with this code. CodeOK, which is
// no failure, and codes unknown to the vendor's list are ClassUnknown.
func (c Code) Class() Class {
	class, _ := c.judge()
	return class
}

// retryAfter returns how long the vendor stays shut after this code. A limit
// by the minute clears within a minute.
func (c Code) retryAfter() time.Duration {
	switch c {
	case CodeRateLimited:
		return time.Minute
	case CodeConcurrency:
		return 3 * time.Second
	}
	return 0
}

// judge returns the class of c and its meaning in words.
func (c Code) judge() (class Class, meaning string) {
	switch c {
	case CodeBusy:
		return ClassRetry, "the vendor's system is busy"
	case 6000:
		return ClassRetry, "two changes at the same moment"
	case CodeRateLimited:
		return ClassWait, "more messages than the robot may post in a minute"
	case CodeConcurrency:
		return ClassWait, "too many calls at the same moment"
	case CodeInvalidWebhook:
		return ClassDead, "no such webhook, or the robot was removed from its group"
	case CodeDisabled:
		return ClassDead, "the robot is disabled"
	case CodeBadChat:
		return ClassDead, "bad chat"
	case CodeNotInGroup:
		return ClassDead, "the robot is not in the group"
	}
	if meaning := c.mistake(); meaning != "" {
		return ClassFix, meaning
	}
	return ClassUnknown, ""
}

// mistake returns the meaning of the codes that say that a message is wrong.
func (c Code) mistake() string {
	switch c {
	case 40001, 40014, 41001, 42001, 60020:
		return "an error of the application interface, which takes no robot key"
	case 40004, 40005:
		return "wrong kind of media"
	case 40006, 44001, 45001:
		return "media empty or too large"
	case CodeInvalidMedia:
		return "media_id expired or of another robot"
	case CodeInvalidType:
		return "unknown msgtype, or JSON that cannot be read"
	case 40009:
		return "image too large"
	case 40033:
		return "characters that are not allowed"
	case 40035, 40063:
		return "a parameter is missing or wrong"
	case CodeURLTooLong:
		return "a URL of more than 1024 bytes"
	case CodeInvalidParameter:
		return "a field is missing, wrong or too long"
	case 41006, 41010, 41016, 41033:
		return "a required field is missing"
	case CodeEmpty:
		return "no content"
	case 45002:
		return "content too long"
	case 45007:
		return "voice longer than 60 s"
	case CodeTooManyArticles:
		return "more than 8 articles"
	}
	if c.isCard() {
		return "a part of the template card is missing or wrong"
	}
	return ""
}

// isCard reports whether c is about a part of a template card.
func (c Code) isCard() bool {
	switch c {
	case 42027, 42028, 42029, 42030, 42031, 42033, 42035, 42036, 42042, 42044, 42045, 42050:
		return true
	}
	return false
}
