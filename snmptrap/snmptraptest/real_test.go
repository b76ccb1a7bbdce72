package snmptraptest_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// netSNMP runs a command of net-snmp, without MIBs and configuration. Where it
// is missing the test is skipped, or fails if TOCSIN_REQUIRE_REAL is set.
func netSNMP(t *testing.T, name string, args ...string) error {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
		require.FailNow(t, name+" is not installed, but TOCSIN_REQUIRE_REAL is set")
	}
	if err != nil {
		t.Skip(name + " is not installed")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-v2c", "-c", "hush", "-m", ""}, args...)...)
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir, "SNMPCONFPATH="+dir)
	out, err := cmd.CombinedOutput()
	t.Logf("%s: %s", name, out)
	return err
}

func TestRealTrap(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, nil)
	require.NoError(t, netSNMP(t, "snmptrap", l.Addr(), "4294967295", testBase+".0.7",
		testBase+".99.1", "s", "磁盘", testBase+".99.2", "i", "-129", testBase+".99.3", "a", "10.1.2.3",
		testBase+".99.4", "u", "4294967295", testBase+".99.5", "t", "128", testBase+".99.6", "c", "7",
		testBase+".99.7", "C", "18446744073709551615", testBase+".99.8", "o", "2.999.1"))
	trap, err := l.Next(t.Context())
	require.NoError(t, err)
	require.False(t, trap.Inform)
	require.True(t, trap.HasCommunity("hush"))
	require.Equal(t, uint32(4294967295), trap.UpTime)
	require.Equal(t, testBase+".0.7", trap.OID)
	var values []any
	for _, v := range trap.Varbinds {
		values = append(values, v.Value)
	}
	require.Equal(t, []any{
		[]byte("磁盘"), -129, "10.1.2.3", uint32(4294967295), uint32(128), uint32(7), uint64(18446744073709551615), "2.999.1",
	}, values)
}

func TestRealInform(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, nil)
	inform := func() error {
		return netSNMP(t, "snmpinform", "-t", "60", "-r", "0", l.Addr(), "1", testBase+".0.7", testBase+".99.1", "s", "x")
	}
	require.NoError(t, inform(), "acknowledged")
	require.Len(t, l.Traps(), 1)
	require.True(t, l.Traps()[0].Inform)

	l.KeepSilent(true)
	go func() {
		_, _ = l.Next(t.Context())
		_, _ = l.Next(t.Context())
		_, _ = l.Next(t.Context()) // the first that gets no answer
		l.KeepSilent(false)
	}()
	require.NoError(t, netSNMP(t, "snmpinform", "-t", "0.2", "-r", "100", l.Addr(), "1", testBase+".0.7"), "repeated until acknowledged")
}
