package ocp

import "strings"

// class says what to do about a failure.
type class uint8

const (
	classUnknown class = iota
	classRetry         // a passing fault
	classFix           // the request is wrong, or something that it needs is missing
	classLogin         // the login is wrong: another try may lock the account
	classDenied        // the login is good and may not do this
)

// codeMeaning is what is known of a code of OCP's table of errors.
//
// Vendor page: zh-CN/2100.appendix/100.ocp-error-table.md of
// https://github.com/oceanbase/ocp-doc, branch V4.2.2.
func codeMeaning(code string) (class, string) {
	switch code {
	case "ALM10001":
		return classDenied, "no permission for alarms"
	case "ALM20001":
		return classFix, "no alarm rule has this name: create one without an expression"
	case "ALM20026":
		return classFix, "a template of the rule uses a variable that does not exist"
	case "ALM70001":
		return classFix, "the alarm does not exist"
	case "ALM70002":
		return classRetry, "the alarm could not be created"
	case "IAM10000":
		return classLogin, "not logged in"
	case "IAM10003":
		return classLogin, "the user is locked"
	case "IAM10004", "IAM10006":
		return classLogin, "wrong user or password"
	case "IAM10014":
		return classDenied, "the user may not log in from this address"
	case "IAM10017":
		return classDenied, "the user may not do this"
	case "COM10001":
		return classFix, "an argument is wrong"
	case "COM10003":
		return classFix, "the request is wrong"
	case "COM10004":
		return classRetry, "OCP took too long"
	}
	return classUnknown, ""
}

// describeCode returns a code and what it means. How the bare numbers that OCP
// sends and the texts of its table belong together is not documented: a number
// means what a text with the same digits does, and decides nothing. 10004 may
// be a timeout or a wrong password.
func describeCode(code string) string {
	if _, meaning := codeMeaning(code); meaning != "" {
		return "code " + code + " (" + meaning + ")"
	}
	if strings.Trim(code, "0123456789") == "" {
		for _, prefix := range [...]string{"ALM", "IAM", "COM"} {
			if _, meaning := codeMeaning(prefix + code); meaning != "" {
				return "code " + code + " (if that is " + prefix + code + ": " + meaning + ")"
			}
		}
	}
	return "code " + code
}
