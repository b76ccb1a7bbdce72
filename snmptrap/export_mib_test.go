package snmptrap

// What the tables of this package say of the objects, for the comparison with
// the MIB module.
const (
	ObjectCount    = objectCount
	ObjectTexts    = objectTexts
	ObjectStatus   = objectStatus
	ObjectSeverity = objectSeverity
	ObjectTime     = objectTime
	ObjectFinger   = objectFingerprint
	ObjectSummary  = objectSummary
	MaxText        = maxText
	MaxSummary     = maxSummary
	MaxFingerprint = maxFingerprint
)

// SeedLabel returns the label of an object in the Seed layout.
func SeedLabel(place int) string { return seedLabel(place) }
