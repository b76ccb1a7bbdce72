package ocp

import (
	"regexp"
	"slices"
	"strings"
)

// A targetPart is one key=value of an alarm's target.
type targetPart struct{ key, value string }

// targetParts takes a target apart, in order: ob_cluster=demo-1:svr_ip=fe80::1
// has two parts. OCP escapes nothing, so a colon in a value cannot be told from
// a border for certain: it is taken for one only if a key and "=" follow, which
// leaves addresses of version 6, ports and times whole. Text without a key is left
// out; a key has at most 64 bytes.
func targetParts(target string) (parts []targetPart) {
	keys := regexp.MustCompile(`(?:^|:)([A-Za-z_][A-Za-z0-9_.-]{0,63})=`).FindAllStringSubmatchIndex(target, -1)
	for i, at := range keys {
		end := len(target)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		parts = append(parts, targetPart{target[at[2]:at[3]], target[at[1]:end]})
	}
	return parts
}

// targetValue returns the first value of the target under one of keys that is
// not empty.
func (p *Payload) targetValue(keys ...string) string {
	parts := targetParts(p.text("alarm_target"))
	for _, key := range keys {
		if i := slices.IndexFunc(parts, func(part targetPart) bool { return part.key == key && strings.TrimSpace(part.value) != "" }); i >= 0 {
			return parts[i].value
		}
	}
	return ""
}
