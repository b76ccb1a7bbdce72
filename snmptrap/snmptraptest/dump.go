package snmptraptest

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	dumpLine = 16   // octets a line
	dumpMost = 2048 // octets of a dump
)

// dump writes a datagram in hex. Masked are the community, wherever else its
// octets occur, and of a datagram whose community cannot be told apart
// everything but the first two octets.
func dump(datagram []byte, m *message) string {
	masked := make([]bool, len(datagram))
	if m.community.to == 0 {
		for i := range masked {
			masked[i] = i >= 2
		}
	} else if community := m.community.octets(); len(community) > 0 {
		for at, end := 0, 0; ; at++ {
			i := bytes.Index(datagram[at:], community)
			if i < 0 {
				break
			}
			at += i
			for j := max(at, end); j < at+len(community); j++ {
				masked[j] = true
			}
			end = at + len(community)
		}
	}
	var text strings.Builder
	for i, octet := range datagram[:min(len(datagram), dumpMost)] {
		if i%dumpLine == 0 {
			fmt.Fprintf(&text, "\n%04x ", i)
		}
		if masked[i] {
			text.WriteString(" **")
		} else {
			fmt.Fprintf(&text, " %02x", octet)
		}
	}
	if len(datagram) > dumpMost {
		fmt.Fprintf(&text, "\nand %d octets more", len(datagram)-dumpMost)
	}
	return strings.TrimPrefix(text.String(), "\n")
}
