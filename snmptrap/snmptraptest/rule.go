package snmptraptest

import "fmt"

// A Rule is what a datagram can break, with where it is written. It is an
// error, so that errors.Is(err, RuleUpTime) asks for it.
type Rule string

// The rules of messages and their encoding.
const (
	RuleSize      Rule = "a datagram is within the size limit (RFC 3417 section 3.2)"
	RuleTag       Rule = "each field has the type that stands at its place (RFC 3416 section 3)"
	RuleLength    Rule = "lengths are definite, in the fewest octets and within what is around them (RFC 3417 section 8)"
	RuleWhole     Rule = "nothing is left over after the last field (RFC 3417 section 8)"
	RuleVersion   Rule = "the version is 1, SNMPv2c (RFC 1901 section 3)"
	RulePDU       Rule = "the PDU is a trap (A7) or an inform (A6) (RFC 3416 section 3)"
	RuleRequestID Rule = "the request-id is in 0 to 2^31-1 (RFC 3416 section 3)"
	RuleError     Rule = "error-status and error-index are 0 (RFC 3416 section 4.2.6)"
	RuleInteger   Rule = "a number has the fewest octets and the range of its type (RFC 2578 section 7.1)"
	RuleOID       Rule = "an OID has 2 to 128 sub-identifiers below 2^32, in the fewest octets (RFC 2578 section 7.1.3)"
	RuleType      Rule = "a value has a type that notifications may carry (RFC 2578 section 7.1)"
	RuleAddress   Rule = "an IpAddress has 4 octets (RFC 2578 section 7.1.5)"
	RuleDecode    Rule = "a second decoder reads the same (gosnmp)"
)

// The rules of notifications.
const (
	RuleUpTime       Rule = "the first object is sysUpTime.0, TimeTicks (RFC 3416 section 4.2.6)"
	RuleTrapOID      Rule = "the second object is snmpTrapOID.0, an OID (RFC 3416 section 4.2.6)"
	RuleNotification Rule = "a notification's OID ends in 0.N, N in 1 to 2^31-1 (RFC 2578 section 8.5)"
	RuleDuplicate    Rule = "an object occurs once (RFC 2578 section 8.1)"
	RuleCommunity    Rule = "snmpTrapCommunity.0 is for proxies: it puts a password into the data (RFC 3584 section 3.1)"
)

// The rules of alerts, which hold below [Rules].Base.
const (
	RuleObjects     Rule = "the ten objects of an alert come first, each once and in order (RFC 2578 section 8.1)"
	RuleSyntax      Rule = "an object has the type that the MIB gives it (RFC 2578 section 7.1)"
	RuleTextSize    Rule = "a text has at most 255 octets, the summary 1024, a fingerprint 1 to 64 (RFC 3411 section 5, the MIB)"
	RuleText        Rule = "a text is UTF-8 without controls and separators of lines (RFC 3411 section 5)"
	RuleLabel       Rule = "without .0 each of the first five texts starts with its label (the layout of the original relay)"
	RuleDate        Rule = "a DateAndTime has 8 or 11 octets and fields in range (RFC 2579 section 2)"
	RuleEnumeration Rule = "status and severity are numbers of the MIB and agree with the notification (RFC 2578 section 7.1.1)"
)

// Error returns the rule.
func (r Rule) Error() string { return string(r) }

// A Violation says which rule a datagram breaks, and where. It quotes no
// community.
type Violation struct {
	Rule   Rule
	Offset int    // where the offending field starts, in octets from 0
	Detail string // what stands there instead
	Dump   string // the datagram in hex, the community masked by "**"
}

// Error names the place, what stands there, and the rule; the dump is left
// out.
func (v *Violation) Error() string {
	return fmt.Sprintf("snmptraptest: octet %d: %s: %v", v.Offset, v.Detail, v.Rule)
}

// Unwrap returns the rule.
func (v *Violation) Unwrap() error { return v.Rule }

// breaks returns the Violation of a rule.
func breaks(rule Rule, offset int, format string, args ...any) error {
	return &Violation{Rule: rule, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}
