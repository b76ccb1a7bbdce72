package dingtalk

import "fmt"

// A Code is the errcode of an answer. It is an error, and [Error] unwraps to
// it, so that errors.Is(err, dingtalk.CodeRateLimited) works.
//
// Vendor page: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.
type Code int

// The codes that a program may want to tell apart. Every other code of the
// vendor is judged as well; see [Code.Class].
const (
	CodeBusy             Code = -1     // the vendor is busy
	CodeOK               Code = 0      // accepted
	CodeMissingParameter Code = 40035  // JSON that cannot be read, or no token
	CodeQuota            Code = 90030  // the quota of the webhook is used up
	CodeRateLimited      Code = 130101 // more than 20 messages a minute
	CodeUnknownToken     Code = 300005 // no such token
	CodeSecurity         Code = 310000 // refused by a security setting; see [Reason]
	CodeGroupDisbanded   Code = 400013 // the group is gone
	CodeInvalidToken     Code = 400101 // no such token
	CodeStopped          Code = 400102 // robot stopped
	CodeInvalidType      Code = 400105 // unknown msgtype
	CodeNotInGroup       Code = 400106 // no such robot, or not in the group
	CodeMissingTitle     Code = 400402 // no title
	CodeMissingText      Code = 400403 // no text
	CodeTooFast          Code = 410100 // sending too fast
	CodeUnsafeLink       Code = 430101 // a link that the vendor takes for unsafe
	CodeBadText          Code = 430102 // unsuitable text
	CodeBadPicture       Code = 430103 // unsuitable picture
	CodeBadContent       Code = 430104 // unsuitable content
	CodeTooLong          Code = 460101 // more than 20000 bytes
)

// codeOldToken is a code of old tables, which contradict each other: no such
// token, or too fast. Its text decides.
const codeOldToken Code = 300001

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
// no failure, and codes unknown to the vendor's list are ClassUnknown. Some
// codes mean several things, which [Error.Class] tells apart by the text of
// the answer.
func (c Code) Class() Class {
	class, _ := c.judge()
	return class
}

// judge returns the class of c and its meaning in words.
func (c Code) judge() (class Class, meaning string) {
	switch c {
	case CodeBusy:
		return ClassRetry, "the vendor's system is busy"
	case CodeRateLimited:
		return ClassWait, "more messages than the robot may post in a minute, it is blocked for ten"
	case CodeTooFast:
		return ClassWait, "messages too fast, the robot is blocked for ten minutes"
	}
	if meaning := c.mistake(); meaning != "" {
		return ClassFix, meaning
	}
	if meaning := c.death(); meaning != "" {
		return ClassDead, meaning
	}
	return ClassUnknown, ""
}

// mistake returns the meaning of the codes that say that a message is wrong.
func (c Code) mistake() string {
	switch c {
	case CodeMissingParameter:
		return "the JSON cannot be read, or there is no token"
	case 43002:
		return "not a POST"
	case 43004:
		return "wrong Content-Type"
	case 101002, CodeTooLong:
		return "more than 20000 bytes"
	case CodeInvalidType:
		return "unknown msgtype"
	case CodeMissingTitle:
		return "no title"
	case CodeMissingText:
		return "no text"
	case CodeUnsafeLink:
		return "a link that the vendor takes for unsafe"
	case CodeBadText:
		return "text that the vendor takes for unsuitable"
	case CodeBadPicture:
		return "a picture that the vendor takes for unsuitable"
	case CodeBadContent:
		return "content that the vendor takes for unsuitable"
	}
	if c >= 400200 && c <= 400699 { // a hundred for each type of message
		return "a field is missing or wrong"
	}
	return ""
}

// death returns the meaning of the codes that say that a robot is unusable.
func (c Code) death() string {
	switch c {
	case 88:
		return "not authorised, as with an empty token"
	case 90020, CodeQuota:
		return "the quota of messages is used up"
	case codeOldToken, CodeUnknownToken, CodeInvalidToken:
		return "no such token"
	case CodeSecurity:
		return "refused by a security setting of the robot"
	case CodeGroupDisbanded:
		return "the group was disbanded"
	case CodeStopped:
		return "the robot is stopped"
	case CodeNotInGroup:
		return "no such robot, or it is not in the group"
	}
	return ""
}
