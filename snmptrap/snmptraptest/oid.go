package snmptraptest

import (
	"errors"
	"strconv"
	"strings"
)

// parseOID reads an OID in dotted form. It does not quote what it cannot
// read: that may be a community given for a base.
func parseOID(text string) ([]uint32, error) {
	var arcs []uint32
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "."), ".") {
		arc, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, errors.New("snmptraptest: the base is no OID")
		}
		arcs = append(arcs, uint32(arc))
	}
	if len(arcs) < 2 {
		return nil, errors.New("snmptraptest: the base is no OID")
	}
	return arcs, nil
}

// dotted writes an OID without a leading dot.
func dotted(arcs []uint32) string {
	text := make([]byte, 0, 48)
	for i, arc := range arcs {
		if i > 0 {
			text = append(text, '.')
		}
		text = strconv.AppendUint(text, uint64(arc), 10)
	}
	return string(text)
}
