package snmptrap_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"
)

// testBase stands under the enterprise number for examples.
const testBase = "1.3.6.1.4.1.32473"

// decode reads a message with gosnmp, which shares no code with this package.
func decode(tb testing.TB, octets []byte) *gosnmp.SnmpPacket {
	tb.Helper()
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
	require.NoError(tb, err)
	require.Equal(tb, gosnmp.Version2c, p.Version)
	return p
}

// golden reads a message from testdata.
func golden(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(tb, err)
	octets, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(tb, err)
	return octets
}
