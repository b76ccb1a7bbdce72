//go:build !unix

package serve

import "math"

// fileLimit is how many files this process may open: Windows has no such limit.
func fileLimit() int { return math.MaxInt }
