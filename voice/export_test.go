package voice

import (
	"fmt"
	"time"
)

// MaskNumbers masks what may be somebody's telephone number.
func MaskNumbers(s string) string { return maskNumbers(s) }

// ReadRequest reads what the component posts, and returns a number for each
// callee, empty for one who cannot be called.
func ReadRequest(body []byte, f Form) (numbers []string, problem string) {
	p, problem := parseRequest(body)
	for _, u := range p.users {
		n, _ := u.number(f, defaultCountry)
		numbers = append(numbers, n.Reveal())
	}
	return numbers, problem
}

// A Memory is what a Handler knows of requests.
type Memory struct{ *memory }

// NewMemory returns an empty one with the window of a Handler.
func NewMemory() Memory { return Memory{newMemory(memoryOfIDs)} }

// Fill claims and settles so many requests and returns how many had room.
func (m Memory) Fill(prefix string, n int) (fit int) {
	for i := range n {
		if e, mine := m.claim(fmt.Sprint(prefix, i), nil); mine {
			m.settle(e, nil, true)
			fit++
		}
	}
	return fit
}

// Sizes returns the lengths of its parts.
func (m Memory) Sizes() (entries, order int) { return len(m.entries), len(m.order) }

// Knows reports whether a request is remembered.
func (m Memory) Knows(id string) bool {
	e, mine := m.claim(id, nil)
	if mine {
		m.settle(e, nil, false)
	}
	return e != nil && !mine
}

// MaxRemembered is how many requests a Memory holds.
const MaxRemembered = maxRemembered

// Window is for how long.
const Window time.Duration = memoryOfIDs
