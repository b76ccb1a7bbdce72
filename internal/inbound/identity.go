package inbound

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// maxIdentity bounds, in bytes, an identity that stays readable.
const maxIdentity = 200

// Identity joins the parts under a kind with slashes, if that is short, plain
// and unambiguous, and hashes them otherwise.
func Identity(kind string, parts ...string) string {
	joined := append(make([]byte, 0, maxIdentity+1), kind...)
	for _, part := range parts {
		if !isPlain(part) || len(joined)+len(part) > maxIdentity {
			return kind + "/" + Digest(parts...)
		}
		joined = append(append(joined, '/'), part...)
	}
	return string(joined)
}

// isPlain tells whether s is visible ASCII without a slash.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '/' {
			return false
		}
	}
	return true
}

// Digest returns 32 hexadecimal digits that depend on every part and on where
// one ends and the next begins.
func Digest(parts ...string) string {
	text := make([]byte, 0, 512) // in one piece, which stays on the stack as a rule
	for _, part := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	var digits [32]byte
	hex.Encode(digits[:], sum[:16])
	return string(digits[:])
}
