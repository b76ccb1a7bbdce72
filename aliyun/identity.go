package aliyun

import "github.com/tocsin-go/tocsin/internal/inbound"

// identity joins parts that identify something.
func identity(kind string, parts ...string) string { return inbound.Identity(kind, parts...) }

// digest returns 32 hexadecimal digits that depend on every part.
func digest(parts ...string) string { return inbound.Digest(parts...) }

// textDigest returns a digest of all that a JSON text says, whatever the order
// of its members and its white space, and of any other text as it is.
func textDigest(text string) string { return digest(flat(leaves(nil, trimBlank(text)))...) }
