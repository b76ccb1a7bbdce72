package wecom

import (
	"time"

	"github.com/tocsin-go/tocsin/internal/robot"
)

// A Code is the errcode of an answer. It is an error, and [Error] unwraps to
// it, so that errors.Is(err, wecom.CodeRateLimited) works, as does
// errors.Is(err, wecom.Code(93004)) for one without a name.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/90313.
type Code int

// The codes that a program may want to tell apart. Every other code of the
// vendor is judged as well; see [Code.Class].
const (
	CodeOK             Code = 0     // accepted
	CodeRateLimited    Code = 45009 // more than 20 messages a minute
	CodeInvalidWebhook Code = 93000 // no such robot, or removed from its group
)

// codeConcurrency says that there were too many calls at once.
const codeConcurrency Code = 45033

// codeAddress says that an address is not on a list of those that may call.
const codeAddress Code = 60020

// A Class says what to do about a failure. Its String is a lower-case word.
type Class = robot.Class

// The classes.
const (
	ClassUnknown   = robot.Unknown   // a code nobody described: look at it, do not repeat
	ClassRetry     = robot.Retry     // a passing fault: send again soon
	ClassWait      = robot.Wait      // over a limit: send again after [Error.RetryAfter]
	ClassFix       = robot.Fix       // the message is wrong: never send it again as it is
	ClassDead      = robot.Dead      // the destination is unusable: tell the operator
	ClassUncertain = robot.Uncertain // the message left and no verdict came: sending again may show it twice
)

// Error returns the number and, for a known code, its meaning.
func (c Code) Error() string { return c.meaning().Describe(int(c)) }

// Class returns what to do about an answer with this code. CodeOK, which is
// no failure, and codes unknown to the vendor's list are ClassUnknown.
func (c Code) Class() Class { return c.meaning().Class }

// retryAfter returns how long the vendor stays shut after this code. A limit
// by the minute clears within a minute.
func (c Code) retryAfter() time.Duration {
	switch c {
	case CodeRateLimited:
		return time.Minute
	case codeConcurrency:
		return 3 * time.Second
	}
	return 0
}

// meaning returns what the vendor's list says of c.
func (c Code) meaning() robot.Meaning {
	if m, known := meanings[c]; known {
		return m
	}
	switch c {
	case 42027, 42028, 42029, 42030, 42031, 42033, 42035, 42036, 42042, 42044, 42045, 42050:
		return robot.Meaning{Class: robot.Fix, Words: "a part of the template card is missing or wrong"}
	case 40001, 40014, 41001, 42001:
		return robot.Meaning{Class: robot.Fix, Words: "an error of the application interface, which takes no robot key"}
	}
	return robot.Meaning{}
}

// meanings are the rows of the vendor's list that a robot can meet.
//
//nolint:gochecknoglobals // read-only table
var meanings = map[Code]robot.Meaning{
	-1:    {Class: robot.Retry, Words: "the vendor's system is busy"},
	6000:  {Class: robot.Retry, Words: "two changes at the same moment"},
	40004: {Class: robot.Fix, Words: "wrong kind of media"},
	40005: {Class: robot.Fix, Words: "wrong kind of media"},
	40006: {Class: robot.Fix, Words: "media empty or too large"},
	40007: {Class: robot.Fix, Words: "media_id expired or of another robot"},
	40008: {Class: robot.Fix, Words: "unknown msgtype, or JSON that cannot be read"},
	40009: {Class: robot.Fix, Words: "image too large"},
	40033: {Class: robot.Fix, Words: "characters that are not allowed"},
	40035: {Class: robot.Fix, Words: "a parameter is missing or wrong"},
	40039: {Class: robot.Fix, Words: "a URL of more than 1024 bytes"},
	40058: {Class: robot.Fix, Words: "a field is missing, wrong or too long"},
	40063: {Class: robot.Fix, Words: "a parameter is missing or wrong"},
	40123: {Class: robot.Fix, Words: "a picture whose format is not taken"},
	40201: {Class: robot.Fix, Words: "content that the vendor takes for spam"},
	41006: {Class: robot.Fix, Words: "a required field is missing"},
	41010: {Class: robot.Fix, Words: "a required field is missing"},
	41016: {Class: robot.Fix, Words: "a required field is missing"},
	41033: {Class: robot.Fix, Words: "a required field is missing"},
	44001: {Class: robot.Fix, Words: "media empty or too large"},
	44004: {Class: robot.Fix, Words: "no content"},
	45001: {Class: robot.Fix, Words: "media empty or too large"},
	45002: {Class: robot.Fix, Words: "content too long"},
	45007: {Class: robot.Fix, Words: "voice longer than 60 s"},
	45008: {Class: robot.Fix, Words: "more than 8 articles"},
	45009: {Class: robot.Wait, Words: "more messages than the robot may post in a minute"},
	45033: {Class: robot.Wait, Words: "too many calls at the same moment"},
	45034: {Class: robot.Fix, Words: "a URL without https:// or http:// in front"},
	60020: {Class: robot.Fix, Words: "the address of the caller is not on the list of those that may call"},
	93000: {Class: robot.Dead, Words: "no such webhook, or the robot was removed from its group"},
	93004: {Class: robot.Dead, Words: "the robot is disabled"},
	93006: {Class: robot.Dead, Words: "bad chat"},
	93008: {Class: robot.Dead, Words: "the robot is not in the group"},

	301019: {Class: robot.Fix, Words: "the MD5 of the image is not that of its content"},
}
