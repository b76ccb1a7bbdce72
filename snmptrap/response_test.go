package snmptrap_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap"
)

func TestReadResponse(t *testing.T) {
	t.Parallel()
	captured := golden(t, "netsnmp-inform-response.hex")
	community, id, status, ok := snmptrap.ReadResponse(captured)
	require.True(t, ok)
	require.Equal(t, "public", string(community))
	require.EqualValues(t, 20448367, id)
	require.Equal(t, snmptrap.StatusNoError, status)
	for n := range captured {
		_, _, _, ok := snmptrap.ReadResponse(captured[:n])
		require.False(t, ok, "cut to %d octets", n)
	}
	_, _, _, ok = snmptrap.ReadResponse(append(bytes.Clone(captured), "trailer"...))
	require.True(t, ok)
	_, _, _, ok = snmptrap.ReadResponse(golden(t, "netsnmp-inform.hex"))
	require.False(t, ok, "the inform itself")
}

// field makes a BER field of parts.
func field(tag byte, parts ...string) string {
	content := strings.Join(parts, "")
	return string([]byte{tag, byte(len(content))}) + content
}

func TestReadResponseForms(t *testing.T) {
	t.Parallel()
	const version, community, id, zero, none = "\x02\x01\x01", "\x04\x01c", "\x02\x01\x07", "\x02\x01\x00", "\x30\x00"
	for _, tt := range []struct {
		name    string
		message string
		ok      bool
	}{
		{"shortest", field(0x30, version, community, field(0xa2, id, zero, zero, none)), true},
		{"long lengths", field(0x30, "\x02\x82\x00\x01\x01", "\x04\x81\x01c",
			field(0xa2, "\x02\x83\x00\x00\x01\x07", zero, zero, "\x30\x84\x00\x00\x00\x00")), true},
		{"id in more octets than it needs", field(0x30, version, community, field(0xa2, "\x02\x05\x00\x00\x00\x00\x07", zero, zero, none)), true},
		{"empty community", field(0x30, version, "\x04\x00", field(0xa2, id, zero, zero, none)), true},
		{"version 1", field(0x30, zero, community, field(0xa2, id, zero, zero, none)), false},
		{"version 3", field(0x30, "\x02\x01\x03", community, field(0xa2, id, zero, zero, none)), false},
		{"no bindings", field(0x30, version, community, field(0xa2, id, zero, zero)), false},
		{"no index", field(0x30, version, community, field(0xa2, id, zero)), false},
		{"no status", field(0x30, version, community, field(0xa2, id)), false},
		{"empty integer", field(0x30, version, community, field(0xa2, "\x02\x00", zero, zero, none)), false},
		{"id over 32 bits", field(0x30, version, community, field(0xa2, "\x02\x05\x01\x00\x00\x00\x07", zero, zero, none)), false},
		{"id of nine octets", field(0x30, version, community, field(0xa2, "\x02\x09\x00\x00\x00\x00\x00\x00\x00\x00\x07", zero, zero, none)), false},
		{"status over 32 bits", field(0x30, version, community, field(0xa2, id, "\x02\x05\x01\x00\x00\x00\x00", zero, none)), false},
		{"indefinite", "\x30\x80" + version + community + field(0xa2, id, zero, zero, none) + "\x00\x00", false},
		{"length of 127 octets", "\x30\xff" + version, false},
		{"length that overflows", "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff" + version, false},
		{"length beyond the datagram", "\x30\x84\x7f\xff\xff\xff" + version, false},
		{"PDU beyond the message", field(0x30, version, community, "\xa2\x20"+id+zero+zero+none), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, id, _, ok := snmptrap.ReadResponse([]byte(tt.message))
			require.Equal(t, tt.ok, ok)
			if ok {
				require.EqualValues(t, 7, id)
			}
		})
	}
}
