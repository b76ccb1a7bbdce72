package snmptrap

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	// maxFingerprint is the size that the MIB allows, in octets.
	maxFingerprint = 64

	// hashSize is the size in octets of a fingerprint that is a hash: the
	// first 64 bits of a SHA-256 in hex. Among a million open problems the
	// chance that two share one is 1 to 37 million.
	hashSize = 16
)

// setFingerprint makes v the fingerprint of a, by which a receiver pairs the
// trap that reports a problem with the one that resolves it: Source and Key,
// readable if they fit, so that an operator can search for them, and hashed
// otherwise. Without a Key it is the hash of Source and ID; without both, so
// that unrelated alerts are not taken for one, of the fields that say what the
// alert is about. News and tests never have that of a problem, whose alarm a
// console would change by it. What is hashed is put together in the scratch space.
func (v *Value) setFingerprint(a *alert.Alert, scratch []byte) {
	special := aside(a)
	if special {
		scratch = append(scratch, 0xfe) // which occurs in no text either
	}
	switch {
	case a.Key != "" && !special && readable(a.Source, a.Key):
		if a.Source != "" {
			v.own = uint8(copy(v.raw[:], a.Source)) + 1
			v.raw[v.own-1] = '/'
		}
		v.text, v.keep, v.size = a.Key, len(a.Key), int(v.own)+len(a.Key)
		return
	case a.Key != "":
		scratch = appendFields(scratch, a.Source, a.Key)
	case a.ID != "":
		scratch = appendFields(scratch, a.Source, "", a.ID)
	default:
		scratch = appendFields(scratch, a.Source, a.Product, a.Region, a.Resource, a.Instance, a.Name)
	}
	sum := sha256.Sum256(scratch)
	v.size, v.own = hashSize, hashSize
	hex.Encode(v.raw[:], sum[:hashSize/2])
}

// readable reports whether source and key, joined by a slash if there is a
// source, fit a fingerprint as they are and cannot be mistaken for another
// pair.
func readable(source, key string) bool {
	return len(source) < len(Value{}.raw) && len(source)+1+len(key) <= maxFingerprint &&
		graphic(source, '/') && (source != "" && graphic(key, 0) || graphic(key, '/'))
}

// graphic reports whether s is visible ASCII without the given octet.
func graphic(s string, without byte) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == without {
			return false
		}
	}
	return true
}

// appendFields appends texts so that no two lists look alike: each ends in an
// octet that does not occur in UTF-8.
func appendFields(dst []byte, fields ...string) []byte {
	for _, field := range fields {
		dst = append(append(dst, field...), 0xff)
	}
	return dst
}
