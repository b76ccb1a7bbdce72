package autocall

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// A problem is the identity of what an alert is about: 20 hexadecimal digits.
// It says nothing about its source to those who read the key.
type problem string

const (
	problemBytes = 10

	// maxProblems is how many stand in a key one by one. Of more there is one
	// hash, so that only the very same ones join.
	maxProblems = 40
)

// problemOf returns what an alert is about. That of a test is none that is real.
func problemOf(a *alert.Alert) problem {
	kind := ""
	if a.Test {
		kind = "test "
	}
	if a.Key != "" {
		return digest(kind+"key", a.Source, a.Key)
	}
	return digest(kind+"name", a.Source, a.Name, a.Product, a.Region, a.Resource, a.Instance)
}

// digest hashes texts. Each is preceded by its length, so that two lists never
// run together alike.
func digest(texts ...string) problem {
	h := sha256.New()
	for _, s := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return problem(hex.EncodeToString(h.Sum(nil)[:problemBytes]))
}

// prefix is what the keys of the calls of s begin with.
func (s *Sender) prefix() string { return "alerts/" + s.opts.Name + "/" }

// key returns the key of a call about sorted problems.
func (s *Sender) key(problems []problem) string {
	words := make([]string, len(problems))
	for i, p := range problems {
		words[i] = string(p)
	}
	if len(words) > maxProblems {
		return s.prefix() + "many." + string(digest(words...))
	}
	return s.prefix() + strings.Join(words, ".")
}

// keyOf returns the key for a call about sorted problems, and whether an open call
// has it: one that is about all of them, and perhaps more.
func (s *Sender) keyOf(open []Status, problems []problem) (key string, under bool) {
	for i := range open {
		key := open[i].Call.Key
		if _, common := s.compare(key, problems); common == len(problems) {
			return key, true
		}
	}
	return s.key(problems), false
}

// compare returns how many problems a key of this Sender names, none if it is
// not of this Sender or names them by one hash, and how many of those given are
// among them.
func (s *Sender) compare(key string, problems []problem) (named, common int) {
	rest, ours := strings.CutPrefix(key, s.prefix())
	if !ours || strings.HasPrefix(rest, "many.") {
		return 0, 0
	}
	inKey := make(map[problem]bool)
	for word := range strings.SplitSeq(rest, ".") {
		inKey[problem(word)] = true
	}
	for _, p := range problems {
		if inKey[p] {
			common++
		}
	}
	return len(inKey), common
}

// fitsName tells whether s may name a Sender.
func fitsName(s string) bool {
	return len(s) <= 64 && (s == "" || inbound.FitsPath(s) && !strings.ContainsAny(s, "._~"))
}
