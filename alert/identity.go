package alert

import "hash/maphash"

// An identity names an event or a problem. It is a hash, so that a memory of
// many identities is neither as large as their texts nor keeps alive the
// messages that these texts are parts of. Its 128 bits come from two seeds
// made for this memory alone, so nobody outside can make two texts collide.
type identity [2]uint64

// A subject is what an identity is the hash of. Two sources that happen to use
// the same Key speak of two problems.
type subject struct {
	event        bool // name is an ID; else it is a Key
	test         bool // a trial bears the names of real problems and is none of them
	source, name string
}

// A hasher makes identities.
type hasher [2]maphash.Seed

// newHasher returns a hasher whose identities nobody else can predict.
func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

// identify returns the identity of s.
func (h hasher) identify(s subject) identity {
	return identity{maphash.Comparable(h[0], s), maphash.Comparable(h[1], s)}
}

// identities holds the identities of one alert. That of an empty ID or Key
// stays zero and is not looked at. News has no problem, whatever its Key:
// two statements about one object are not one of them told twice.
type identities struct{ event, problem identity }

// who returns the identities of a. They are asked for several times, and
// hashing is what they cost.
func (h hasher) who(a *Alert) (ids identities) {
	if a.ID != "" {
		ids.event = h.identify(subject{true, a.Test, a.Source, a.ID})
	}
	if a.Key != "" && a.Status != News {
		ids.problem = h.identify(subject{false, a.Test, a.Source, a.Key})
	}
	return ids
}
