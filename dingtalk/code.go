package dingtalk

import "github.com/tocsin-go/tocsin/internal/robot"

// A Code is the errcode of an answer. It is an error, and [Error] unwraps to
// it, so that errors.Is(err, dingtalk.CodeRateLimited) works, as does
// errors.Is(err, dingtalk.Code(400102)) for one without a name.
//
// Vendor page: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.
type Code int

// The codes that a program may want to tell apart. Every other code of the
// vendor is judged as well; see [Code.Class].
const (
	CodeOK          Code = 0      // accepted
	CodeRateLimited Code = 130101 // more than 20 messages a minute
	CodeSecurity    Code = 310000 // refused by a security setting; see [Reason]
)

const (
	// codeOldToken is a code of old tables, which contradict each other: no such
	// token, too fast, or a message without a type. Its text decides.
	codeOldToken Code = 300001

	// codeGateway is about the call, not the message. Its sub_code decides.
	codeGateway Code = 88
)

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
// no failure, and codes unknown to the vendor's list are ClassUnknown. Some
// codes mean several things, which [Error.Class] tells apart by the rest of the
// answer.
func (c Code) Class() Class { return c.meaning().Class }

// meaning returns what the vendor's list says of c.
func (c Code) meaning() robot.Meaning {
	if m, known := meanings[c]; known {
		return m
	}
	if c >= 400200 && c <= 400699 { // a hundred for each type of message
		return robot.Meaning{Class: robot.Fix, Words: "a field is missing or wrong"}
	}
	return robot.Meaning{}
}

// meanings are the rows of the vendor's lists that a robot can meet.
//
//nolint:gochecknoglobals // read-only table
var meanings = map[Code]robot.Meaning{
	-1:     {Class: robot.Retry, Words: "the vendor's system is busy"},
	88:     {Class: robot.Dead, Words: "not authorised, as with an empty token"},
	40014:  {Class: robot.Dead, Words: "no such token"},
	40035:  {Class: robot.Fix, Words: "the JSON cannot be read, or there is no token"},
	43002:  {Class: robot.Fix, Words: "not a POST"},
	43004:  {Class: robot.Fix, Words: "wrong Content-Type"},
	60020:  {Class: robot.Dead, Words: "the robot does not serve the address of the caller"},
	90018:  {Class: robot.Wait, Words: "too many calls, the interface is shut for a while"},
	90020:  {Class: robot.Dead, Words: "the quota of messages is used up"},
	90030:  {Class: robot.Dead, Words: "the quota of messages is used up"},
	101002: {Class: robot.Fix, Words: "more than 20000 bytes"},
	130101: {Class: robot.Wait, Words: "more messages than the robot may post in a minute, it is blocked for ten"},
	300001: {Class: robot.Dead, Words: "no such token"},
	300005: {Class: robot.Dead, Words: "no such token"},
	310000: {Class: robot.Dead, Words: "refused by a security setting of the robot"},
	400013: {Class: robot.Dead, Words: "the group was disbanded"},
	400101: {Class: robot.Dead, Words: "no such token"},
	400102: {Class: robot.Dead, Words: "the robot is stopped"},
	400105: {Class: robot.Fix, Words: "unknown msgtype"},
	400106: {Class: robot.Dead, Words: "no such robot, or it is not in the group"},
	400402: {Class: robot.Fix, Words: "no title"},
	400403: {Class: robot.Fix, Words: "no text"},
	410100: {Class: robot.Wait, Words: "messages too fast, the robot is blocked for ten minutes"},
	430101: {Class: robot.Fix, Words: "a link that the vendor takes for unsafe"},
	430102: {Class: robot.Fix, Words: "text that the vendor takes for unsuitable"},
	430103: {Class: robot.Fix, Words: "a picture that the vendor takes for unsuitable"},
	430104: {Class: robot.Fix, Words: "content that the vendor takes for unsuitable"},
	460101: {Class: robot.Fix, Words: "more than 20000 bytes"},
}
