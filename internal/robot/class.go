package robot

import (
	"fmt"
	"time"
)

// A Class says what to do about a failure.
type Class uint8

// The classes.
const (
	Unknown   Class = iota // a code nobody described: look at it, do not repeat
	Retry                  // a passing fault: send again soon
	Wait                   // over a limit: send again after RetryAfter
	Fix                    // the message is wrong: never send it again as it is
	Dead                   // the destination is unusable: tell the operator
	Uncertain              // the message left and no verdict came: sending again may show it twice
)

// String returns a lower-case word for c.
func (c Class) String() string {
	words := [...]string{"unknown", "retry", "wait", "fix", "dead", "uncertain"}
	if int(c) >= len(words) {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return words[c]
}

// Passes reports whether sending again can help.
func (c Class) Passes() bool { return c == Retry || c == Wait }

// Advice tells a person woken by an error what to do, and when if that is known.
func (c Class) Advice(after time.Duration) string {
	words := [...]string{
		Unknown: "not known to be worth sending again", Retry: "sending again can help", Wait: "send again later",
		Fix: "sending the same message again does not help", Dead: "the destination needs mending, sending again does not help",
		Uncertain: "it may have arrived, sending again may show it twice",
	}
	if after > 0 {
		return fmt.Sprintf("%s, in %v", words[c], after)
	}
	return words[c]
}

// A Meaning is what a code of the vendor says, and what to do about it. The zero
// Meaning is that of a code that nobody described.
type Meaning struct {
	Class Class
	Words string
}

// Describe returns the number of a code and, if it is known, its meaning.
func (m Meaning) Describe(code int) string {
	if m.Words == "" {
		return fmt.Sprintf("errcode %d", code)
	}
	return fmt.Sprintf("errcode %d (%s)", code, m.Words)
}
