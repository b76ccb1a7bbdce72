package pigeon

// A ChainStatus is the word for a whole chain. The enumeration is open: the
// vendor documents StatusRequested only, and words that are unknown here pass
// through unchanged, cleaned and cut to 64 bytes.
type ChainStatus string

// The words for a chain. StatusRequested answers an invocation, StatusWaiting
// was seen in lists of calls; the others are what the vendor's neighbouring
// interfaces say.
const (
	StatusRequested ChainStatus = "requested" // accepted
	StatusWaiting   ChainStatus = "waiting"   // for a free line
	StatusStarted   ChainStatus = "started"
	StatusSucceeded ChainStatus = "succeeded" // somebody ended it with a key
	StatusFailed    ChainStatus = "failed"    // the last round is over and nobody did
	StatusAborted   ChainStatus = "aborted"   // stopped from outside
	StatusRejected  ChainStatus = "rejected"  // never began
)

// A CallStatus is the word for one telephone call within a chain. It is not
// the status of the chain: a call in which somebody pressed a key for "the
// next person" has succeeded, and took nothing on. The enumeration is open.
//
// Vendor page: https://kompira.zendesk.com/hc/ja/community/posts/900000610646.
type CallStatus string

// The words for a call.
const (
	CallPreparing CallStatus = "preparing" // the instant before dialling
	CallCalling   CallStatus = "calling"   // it rings, or somebody listens
	CallAborting  CallStatus = "aborting"  // the chain was stopped during the call
	CallSucceeded CallStatus = "succeeded" // a key with a meaning was pressed
	CallIgnored   CallStatus = "ignored"   // picked up, by a person or a voicemail; no key
	CallMissed    CallStatus = "missed"    // rang for 30 s
	CallAborted   CallStatus = "aborted"
	CallFailed    CallStatus = "failed" // wrong number, no coverage, busy, or 10 minutes without an end
)

// A class is what a word for a chain amounts to.
type class uint8

const (
	classUnknown class = iota
	classSucceeded
	classFailed
	classAborted
	classRejected
)

// class reads the words that are likely, besides those that are known.
func (s ChainStatus) class() class {
	switch s {
	case StatusSucceeded, "completed":
		return classSucceeded
	case StatusFailed:
		return classFailed
	case StatusAborted, "cancelled", "canceled":
		return classAborted
	case StatusRejected:
		return classRejected
	}
	return classUnknown
}
