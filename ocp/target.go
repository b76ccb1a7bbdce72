package ocp

import "strings"

// A targetPart is one key=value of an alarm's target. Its key is empty for text
// without one.
type targetPart struct{ key, value string }

// targetParts takes a target apart, in order: ob_cluster=demo-1:svr_ip=fe80::1
// has two parts. OCP escapes nothing, so a colon in a value cannot be told from
// a border for certain: it is taken for one only if a key and "=" follow, which
// leaves addresses of version 6, ports and times whole.
func targetParts(target string) (parts []targetPart) {
	for rest, more := target, target != ""; more; {
		var part string
		part, rest, more = cutTargetPart(rest)
		key, value, found := strings.Cut(part, "=")
		if !found || !isTargetKey(key) {
			key, value = "", part
		}
		parts = append(parts, targetPart{key, value})
	}
	return parts
}

// cutTargetPart cuts s before the first colon that a key follows.
func cutTargetPart(s string) (part, rest string, more bool) {
	for at := range len(s) {
		if s[at] != ':' {
			continue
		}
		key, _, found := strings.Cut(s[at+1:min(len(s), at+2+maxTargetKey)], "=")
		if found && isTargetKey(key) {
			return s[:at], s[at+1:], true
		}
	}
	return s, "", false
}

// maxTargetKey bounds a key in bytes. It keeps the search linear.
const maxTargetKey = 64

// isTargetKey reports whether s can be a key: letters, digits, dots, hyphens
// and underscores, of which the first is a letter or an underscore.
func isTargetKey(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxTargetKey
}

// targetValue returns the first value of the target under one of keys that is
// not empty.
func (p *Payload) targetValue(keys ...string) string {
	parts := targetParts(p.text("alarm_target"))
	for _, key := range keys {
		for _, part := range parts {
			if part.key == key && part.value != "" {
				return part.value
			}
		}
	}
	return ""
}
