package ocptest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// validate says why the answer of a script does not pass, as the settings of a
// channel have it. The answer is stderr if there is any, else stdout. What
// decides whether it is JSON is its first and its last character. Blanks
// around it do not count: the vendor's own sample prints a line.
func (c *Channel) validate(run *Run) string {
	answer := run.Stderr
	if answer == "" {
		answer = run.Stdout
	}
	answer, want := strings.TrimSpace(answer), strings.TrimSpace(c.Validation)
	if want == "" || isEmptyObject(want) {
		return ""
	}
	if isObject(answer) && isObject(want) {
		if holds(decode(answer), decode(want)) {
			return ""
		}
		return "the answer does not hold what the channel demands"
	}
	pattern, err := regexp.Compile("^(?:" + want + ")$")
	if answer == want || err == nil && pattern.MatchString(answer) {
		return ""
	}
	return "the answer is not what the channel demands"
}

// isObject reports whether OCP takes a text for JSON.
func isObject(s string) bool { return strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") }

// isEmptyObject reports whether a text is {}.
func isEmptyObject(s string) bool {
	object, ok := decode(s).(map[string]any)
	return ok && len(object) == 0
}

// decode returns the value of a JSON text, or nil if it is none.
func decode(s string) (v any) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return nil
	}
	return v
}

// holds reports whether all members of want are in got.
func holds(got, want any) bool {
	object, ok := want.(map[string]any)
	if !ok {
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		return bytes.Equal(a, b)
	}
	answer, ok := got.(map[string]any)
	if !ok {
		return false
	}
	for name, value := range object {
		inner, there := answer[name]
		if !there || !holds(inner, value) {
			return false
		}
	}
	return true
}
