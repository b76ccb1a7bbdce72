package snmptrap_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap"
)

func TestParseOID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, dotted, want string // want is the canonical form
		len                int
	}{
		{"shortest", "1.3", "1.3", 2},
		{"leading dot", ".1.3.6", "1.3.6", 3},
		{"zero", "0.0", "0.0", 2},
		{"second at its edge", "0.39", "0.39", 2},
		{"first is one", "1.0", "1.0", 2},
		{"joint", "2.999.4294967295", "2.999.4294967295", 3},
		{"second at the edge of 32 bits", "2.4294967215", "2.4294967215", 2},
		{"base-128 edges", "1.3.127.128.16383.16384.2097151.2097152.268435455.268435456",
			"1.3.127.128.16383.16384.2097151.2097152.268435455.268435456", 10},
		{"leading zeros", "1.03.006", "1.3.6", 3},
		{"seed", snmptrap.SeedBaseOID, "1.3.6.1.4.1.12149", 7},
		{"128 sub-identifiers", "1.3" + strings.Repeat(".1", 126), "1.3" + strings.Repeat(".1", 126), 128},
		{"content of 128 octets", "1.3.128" + strings.Repeat(".1", 125), "1.3.128" + strings.Repeat(".1", 125), 128},
		{"content of 255 octets", "1.3" + strings.Repeat(".128", 126), "1.3" + strings.Repeat(".128", 126), 128},
		{"content of 256 octets", "1.3.16384" + strings.Repeat(".128", 125), "1.3.16384" + strings.Repeat(".128", 125), 128},
		{"content of 631 octets", "1.3" + strings.Repeat(".4294967295", 126), "1.3" + strings.Repeat(".4294967295", 126), 128},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := snmptrap.ParseOID(tt.dotted)
			require.NoError(t, err)
			require.Equal(t, tt.want, o.String())
			require.Equal(t, tt.len, o.Len())
			require.False(t, o.IsZero())
			require.Equal(t, o, snmptrap.MustOID(o.String()))
		})
	}
}

func TestParseOIDRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, dotted, want string }{
		{"empty", "", "sub-identifier 1 is not a number"},
		{"one", "1", "fewer than 2"},
		{"word", "my-community.3", "sub-identifier 1 is not a number"},
		{"gap", "1..3.6", "sub-identifier 2 is not a number"},
		{"trailing dot", "1.3.6.", "sub-identifier 4 is not a number"},
		{"two dots in front", "..1.3", "sub-identifier 1 is not a number"},
		{"minus", "1.3.-6", "sub-identifier 3 is not a number"},
		{"plus", "1.3.+6", "sub-identifier 3 is not a number"},
		{"blank", "1.3. 6", "sub-identifier 3 is not a number"},
		{"other digits", "1.3.６", "sub-identifier 3 is not a number"},
		{"over 32 bits", "1.3.4294967296", "sub-identifier 3 is greater than 4294967295"},
		{"UUID", "2.25.329800735698586629295641978511506172918", "sub-identifier 3 is greater than 4294967295"},
		{"first", "3.1", "first sub-identifier"},
		{"second", "1.40", "second sub-identifier"},
		{"second joined over 32 bits", "2.4294967216", "second sub-identifier"},
		{"129 sub-identifiers", "1.3" + strings.Repeat(".1", 127), "more than 128"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := snmptrap.ParseOID(tt.dotted)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "my-community")
			require.True(t, o.IsZero())
		})
	}
}

func TestOIDAppend(t *testing.T) {
	t.Parallel()
	base := mustOID(t, testBase)
	o, err := base.Append(0, 1)
	require.NoError(t, err)
	require.Equal(t, mustOID(t, testBase+".0.1"), o)
	require.Equal(t, testBase, base.String(), "the receiver is unchanged")

	long := mustOID(t, "1.3"+strings.Repeat(".1", 125))
	_, err = long.Append(1)
	require.NoError(t, err)
	_, err = long.Append(1, 1)
	require.ErrorContains(t, err, "129 sub-identifiers")

	var zero snmptrap.OID
	_, err = zero.Append(1)
	require.Error(t, err)
	require.Empty(t, zero.String())
	require.Zero(t, zero.Len())
}

// mustOID parses an OID of the test's own.
func mustOID(tb testing.TB, dotted string) snmptrap.OID {
	tb.Helper()
	o, err := snmptrap.ParseOID(dotted)
	require.NoError(tb, err)
	return o
}
