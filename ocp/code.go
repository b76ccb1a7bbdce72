package ocp

import "strings"

// A Code is the error code of an answer, as OCP spells it: a text such as
// ALM20001 from its table of errors, or a bare number, which its JSON holds.
// It is an error, and [Error] unwraps to it, so that
// errors.Is(err, ocp.CodeNoRule) works.
//
// How numbers and texts belong together is not documented. A bare number
// matches every known code with the same digits, and by itself decides
// nothing: 10004 may be a timeout or a wrong password.
//
// Vendor page: zh-CN/2100.appendix/100.ocp-error-table.md of
// https://github.com/oceanbase/ocp-doc, branch V4.2.2.
type Code string

// The codes that a program may want to tell apart.
const (
	CodeNoPermission   Code = "ALM10001" // the user may not do this
	CodeNoRule         Code = "ALM20001" // the alarm type is the name of no rule
	CodeBadTemplate    Code = "ALM20026" // a variable in a template of the rule is wrong
	CodeNoAlarm        Code = "ALM70001" // no alarm with this id
	CodeNotCreated     Code = "ALM70002" // the alarm could not be created
	CodeNotLoggedIn    Code = "IAM10000" // no login, or an unknown one
	CodeLocked         Code = "IAM10003" // the user is locked
	CodeWrongPassword  Code = "IAM10004" // wrong user or password
	CodeWrongPassword2 Code = "IAM10006" // wrong user or password, in other words
	CodeAddress        Code = "IAM10014" // the address of the caller is limited
	CodeNotAllowed     Code = "IAM10017" // the user may not do this
	CodeBadArgument    Code = "COM10001" // an argument is wrong
	CodeBadRequest     Code = "COM10003" // the request is wrong
	CodeTimeout        Code = "COM10004" // OCP took too long
)

// class says what to do about a failure.
type class uint8

const (
	classUnknown class = iota
	classRetry         // a passing fault
	classFix           // the request is wrong, or something that it needs is missing
	classLogin         // the login is wrong: another try may lock the account
	classDenied        // the login is good and may not do this
)

// codes holds what is known of each code.
func codes() map[Code]struct {
	class   class
	meaning string
} {
	return map[Code]struct {
		class   class
		meaning string
	}{
		CodeNoPermission:   {classDenied, "no permission for alarms"},
		CodeNoRule:         {classFix, "no alarm rule has this name: create one without an expression"},
		CodeBadTemplate:    {classFix, "a template of the rule uses a variable that does not exist"},
		"ALM40001":         {classFix, "the alarm channel does not exist"},
		"ALM40018":         {classFix, "the proxy of the channel is written wrongly"},
		CodeNoAlarm:        {classFix, "the alarm does not exist"},
		CodeNotCreated:     {classRetry, "the alarm could not be created"},
		"ALM80001":         {classFix, "the test message failed"},
		CodeNotLoggedIn:    {classLogin, "not logged in"},
		CodeLocked:         {classLogin, "the user is locked"},
		CodeWrongPassword:  {classLogin, "wrong user or password"},
		CodeWrongPassword2: {classLogin, "wrong user or password"},
		CodeAddress:        {classDenied, "the user may not log in from this address"},
		CodeNotAllowed:     {classDenied, "the user may not do this"},
		CodeBadArgument:    {classFix, "an argument is wrong"},
		CodeBadRequest:     {classFix, "the request is wrong"},
		CodeTimeout:        {classRetry, "OCP took too long"},
	}
}

// Error returns the code and, for a known one, its meaning.
func (c Code) Error() string {
	if known, ok := codes()[c]; ok {
		return "code " + string(c) + " (" + known.meaning + ")"
	}
	for _, prefix := range [...]string{"ALM", "IAM", "COM"} {
		if known, ok := codes()[Code(prefix)+c]; ok && c.isNumber() {
			return "code " + string(c) + " (if that is " + prefix + string(c) + ": " + known.meaning + ")"
		}
	}
	return "code " + string(c)
}

// Is makes a bare number match the codes with the same digits.
func (c Code) Is(target error) bool {
	other, ok := target.(Code)
	return ok && c.isNumber() && c == Code(strings.TrimLeft(string(other), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
}

// isNumber reports whether c is digits alone.
func (c Code) isNumber() bool {
	return c != "" && strings.Trim(string(c), "0123456789") == ""
}

// class returns what to do about an answer with this code.
func (c Code) class() class { return codes()[c].class }
