package ocp

import "strings"

type class uint8

const (
	classUnknown class = iota
	classRetry         // a passing fault
	classFix           // the request is wrong, or something that it needs is missing
	classLogin         // the login is wrong: another try may lock the account
	classDenied        // the login is good and may not do this
)

type codeMeaning struct {
	class   class
	meaning string
}

// codes holds what is known of OCP's table of errors.
//
// Vendor page: zh-CN/2100.appendix/100.ocp-error-table.md of
// https://github.com/oceanbase/ocp-doc, branch V4.2.2.
func codes() map[string]codeMeaning {
	return map[string]codeMeaning{
		"ALM10001": {classDenied, "no permission for alarms"},
		"ALM20001": {classFix, "no alarm rule has this name: create one without an expression"},
		"ALM20026": {classFix, "a template of the rule uses a variable that does not exist"},
		"ALM70001": {classFix, "the alarm does not exist"},
		"ALM70002": {classRetry, "the alarm could not be created"},
		"IAM10000": {classLogin, "not logged in"},
		"IAM10003": {classLogin, "the user is locked"},
		"IAM10004": {classLogin, "wrong user or password"},
		"IAM10006": {classLogin, "wrong user or password"},
		"IAM10014": {classDenied, "the user may not log in from this address"},
		"IAM10017": {classDenied, "the user may not do this"},
		"COM10001": {classFix, "an argument is wrong"},
		"COM10003": {classFix, "the request is wrong"},
		"COM10004": {classRetry, "OCP took too long"},
	}
}

// describeCode returns a code and what it means. How the bare numbers that OCP
// sends and the texts of its table belong together is not documented: a number
// means what a text with the same digits does, and decides nothing. 10004 may
// be a timeout or a wrong password.
func describeCode(code string) string {
	known := codes()
	if k, ok := known[code]; ok {
		return "code " + code + " (" + k.meaning + ")"
	}
	for _, prefix := range [...]string{"ALM", "IAM", "COM"} {
		if k, ok := known[prefix+code]; ok && strings.Trim(code, "0123456789") == "" {
			return "code " + code + " (if that is " + prefix + code + ": " + k.meaning + ")"
		}
	}
	return "code " + code
}
