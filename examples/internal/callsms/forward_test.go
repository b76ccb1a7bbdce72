package callsms_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/callsms"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

func TestForwardCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		carrier           callsms.Carrier
		target, set, undo string
		prints            string
	}{
		{callsms.ChinaTelecom, numberA, "*72" + numberA, "*720", "*721********01"},
		{callsms.ChinaTelecom, "187-0000 0001", "*72" + numberA, "*720", "*721********01"},
		{callsms.GSM, numberA, "**21*" + numberA + "#", "##21#", "**21*187******01#"},
		{callsms.GSM, "+86" + numberA, "**21*+86" + numberA + "#", "##21#", "**21*+861********01#"},
		{callsms.NorthAmerica, "2025550123", "*722025550123", "*73", "*722*******23"},
	} {
		t.Run(string(tt.carrier)+" "+tt.target, func(t *testing.T) {
			t.Parallel()
			set, undo, err := callsms.ForwardCode(tt.carrier, tt.target)
			require.NoError(t, err)
			require.Equal(t, tt.set, set.Reveal())
			require.Equal(t, tt.undo, undo.Reveal())
			require.Equal(t, tt.prints, fmt.Sprint(set))
			require.Equal(t, tt.undo, fmt.Sprint(undo), "a code without a number is no secret")
			leaktest.Check(t, []string{numberA, "2025550123"}, set, undo)
		})
	}
}

func TestForwardCodeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		carrier callsms.Carrier
		target  string
		want    string
	}{
		{"unknown carrier", "unicom", numberA, `unknown carrier "unicom"`},
		{"no carrier", "", numberA, `unknown carrier ""`},
		{"international at Telecom", callsms.ChinaTelecom, "+86" + numberA, "no number that this network forwards to"},
		{"emergency number", callsms.GSM, "110", "no number that this network forwards to"},
		{"another code", callsms.GSM, "*72" + numberA, "no number that this network forwards to"},
		{"a code behind it", callsms.GSM, numberA + "#", "no number that this network forwards to"},
		{"nothing", callsms.ChinaTelecom, "", "no number that this network forwards to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, undo, err := callsms.ForwardCode(tt.carrier, tt.target)
			require.ErrorContains(t, err, "forward code: ")
			require.ErrorContains(t, err, tt.want)
			require.True(t, set.IsZero() && undo.IsZero())
			leaktest.Check(t, []string{numberA}, err)
		})
	}
}

// The codes of Telecom go by SMS, those of GSM do not.
func TestForwardingBySMS(t *testing.T) {
	t.Parallel()
	set, undo, err := callsms.ForwardCode(callsms.ChinaTelecom, numberA)
	require.NoError(t, err)
	for want, code := range map[string]callsms.DialString{
		"|*7218700000001|autocall|on duty": set, "|*720|autocall|on duty": undo,
	} {
		require.Equal(t, want, callsms.SMS{Dial: code, Keyword: "autocall", Text: "on duty"}.String())
	}
	set, undo, err = callsms.ForwardCode(callsms.GSM, numberA)
	require.NoError(t, err)
	require.Error(t, callsms.SMS{Dial: set, Keyword: "autocall"}.Validate())
	require.Error(t, callsms.SMS{Dial: undo, Keyword: "autocall"}.Validate())
}

func TestDialStringPrintsMasked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ dial, want string }{
		{"8012", "****"}, {"110", "***"}, {"12345678", "123***78"}, {"*#21#", "*#21#"}, {"##002#", "##002#"},
		{"*9018700000001", "*901********01"}, {"**61*18700000001*11*30#", "**61*187******01*11*30#"},
		{"1234567890123456", "(no number)"},
	} {
		t.Run(tt.dial, func(t *testing.T) {
			t.Parallel()
			d := dial(t, tt.dial)
			require.Equal(t, tt.want, d.String())
			require.Equal(t, tt.want, fmt.Sprintf("%#v", d))
			encoded, err := json.Marshal(d)
			require.NoError(t, err)
			require.JSONEq(t, `"`+tt.want+`"`, string(encoded))
		})
	}
	require.Empty(t, callsms.DialString{}.String())
}
