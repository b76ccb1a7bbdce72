//go:build !race

package snmptrap_test

const underRace = false
