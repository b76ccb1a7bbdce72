//go:build race

package autocall_test

const raceEnabled = true
