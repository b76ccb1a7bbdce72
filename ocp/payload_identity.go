package ocp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxPayloadIdentity bounds, in bytes, an identity that stays readable.
const maxPayloadIdentity = 200

// problemKey identifies the problem: the event that OCP made of it, which its
// recovery shares, or else the rule and the object, which together are what
// OCP calls one alarm. An aggregated message speaks of several problems and
// has none: the next one with another count is news.
func (p *Payload) problemKey() string {
	switch {
	case p.Aggregated:
		return ""
	case p.ID != "":
		return payloadIdentity("alarm", p.ID)
	case p.Type != "" && p.Target != "":
		return payloadIdentity("rule", p.Type, hashOf(p.Target))
	}
	return ""
}

// eventID identifies what is said of the problem. OCP repeats an active alarm
// every few minutes, with another time of update and perhaps another value:
// that is the same event. Another level, the recovery and a new beginning are
// events of their own.
func (p *Payload) eventID() string {
	if p.IsTest() {
		return "" // pressing the button twice shall ring twice
	}
	key := p.problemKey()
	if key == "" {
		return payloadIdentity("message", hashOf(p.everything()...))
	}
	level := strings.ToLower(p.levelWord())
	if n := levelNumber(level); n != 0 {
		level = strconv.Itoa(n)
	}
	status, _ := p.State()
	return payloadIdentity(key, status.String(), level, instant(p.ActiveAt), instant(p.ResolvedAt))
}

// everything returns all that was said, for an identity when nothing else can
// serve.
func (p *Payload) everything() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		all = append(all, name, p.Values[name])
	}
	return all
}

// instant writes a time in a form that does not depend on its zone.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("20060102T150405.999Z")
}

// payloadIdentity joins the parts under a kind with slashes, if that is short,
// plain and unambiguous, and hashes them otherwise.
func payloadIdentity(kind string, parts ...string) string {
	joined := kind
	for _, part := range parts {
		if !isPlainPart(part) || len(joined)+1+len(part) > maxPayloadIdentity {
			return kind + "/" + hashOf(parts...)
		}
		joined += "/" + part
	}
	return joined
}

// isPlainPart reports whether s is visible ASCII without a slash.
func isPlainPart(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '/' {
			return false
		}
	}
	return true
}

// hashOf returns 32 hexadecimal digits that depend on every part and on where
// one ends and the next begins.
func hashOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // never fails
		_, _ = h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
