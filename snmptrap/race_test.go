//go:build race

package snmptrap_test

// underRace says that the race detector watches, which makes long tests six
// times as long.
const underRace = true
