package snmptraptest_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

const (
	testBase = "1.3.6.1.4.1.32473" // the enterprise number for examples
	seedBase = "1.3.6.1.4.1.12149"
)

// fixture reads a datagram from testdata.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(tb, err)
	octets, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(tb, err)
	return octets
}

func TestCheckFixtures(t *testing.T) {
	t.Parallel()
	alerts := snmptraptest.Rules{Base: testBase}
	for _, tt := range []struct {
		file  string
		rules snmptraptest.Rules
		want  error
	}{
		{"netsnmp-trap.hex", snmptraptest.Rules{}, nil},
		{"netsnmp-inform.hex", snmptraptest.Rules{}, nil},
		{"netsnmp-trap-utf8.hex", snmptraptest.Rules{}, nil},
		{"netsnmp-trap-edge-values.hex", alerts, nil},
		{"draft-mib-firing.hex", alerts, nil},
		{"draft-mib-resolved.hex", alerts, nil},
		{"netsnmp-trap.hex", snmptraptest.Rules{Base: seedBase}, snmptraptest.RuleObjects}, // five of the ten
		{"netsnmp-inform-response.hex", snmptraptest.Rules{}, snmptraptest.RulePDU},
		{"seed-pysnmp.hex", snmptraptest.Rules{}, snmptraptest.RuleUpTime},
		{"gosnmp-sendtrap-no-trapoid.hex", snmptraptest.Rules{}, snmptraptest.RuleTrapOID},
		{"gosnmp-community128-broken.hex", snmptraptest.Rules{}, snmptraptest.RuleLength},
		{"seed-pysnmp.hex", snmptraptest.Rules{Lax: true}, snmptraptest.RuleUpTime},
		{"gosnmp-sendtrap-no-trapoid.hex", snmptraptest.Rules{Lax: true}, snmptraptest.RuleTrapOID},
		{"gosnmp-community128-broken.hex", snmptraptest.Rules{Lax: true}, snmptraptest.RuleLength},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, tt.rules.Check(fixture(t, tt.file)), tt.want)
		})
	}
}
