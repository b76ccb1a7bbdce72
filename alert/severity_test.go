package alert_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func severities() []alert.Severity {
	return []alert.Severity{alert.Info, alert.Notice, alert.Warning, alert.Major, alert.Critical}
}

func TestSeverityOrder(t *testing.T) {
	t.Parallel()
	require.IsIncreasing(t, severities())
	var zero alert.Severity
	require.Equal(t, alert.Warning, zero)
}

func TestSeverityText(t *testing.T) {
	t.Parallel()
	for _, s := range severities() {
		text, err := s.MarshalText()
		require.NoError(t, err)
		require.Equal(t, s.String(), string(text))
		var back alert.Severity
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, s, back)
	}
	require.Equal(t, "Severity(3)", alert.Severity(3).String())
	require.Equal(t, "Severity(-3)", alert.Severity(-3).String())
	_, err := alert.Severity(-3).MarshalText()
	require.ErrorContains(t, err, "severity -3 is out of range")
	s := alert.Critical
	require.NoError(t, s.UnmarshalText([]byte("sev-7")), "a severity is no reason to lose an alert")
	require.Equal(t, alert.Warning, s)
}

func TestParseSeverity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word  string
		want  alert.Severity
		known bool
	}{
		{"CRITICAL", alert.Critical, true},
		{" fatal\n", alert.Critical, true},
		{"停服", alert.Critical, true},
		{"嚴重", alert.Critical, true},
		{"Error", alert.Major, true},
		{"重要", alert.Major, true},
		{"WARN", alert.Warning, true},
		{"警告", alert.Warning, true},
		{"注意", alert.Notice, true},
		{"提醒", alert.Notice, true},
		{"INFO", alert.Info, true},
		{"情報", alert.Info, true},
		{"", alert.Warning, false},
		{"P2", alert.Warning, false},
		{"crit\x00ical", alert.Warning, false},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			t.Parallel()
			got, known := alert.ParseSeverity(tt.word)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.known, known)
		})
	}
}

func FuzzParseSeverity(f *testing.F) {
	for _, word := range []string{"", "critical", " 紧急", "\xff", "İnfo"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		s, known := alert.ParseSeverity(word)
		require.Contains(t, severities(), s)
		if !known {
			require.Equal(t, alert.Warning, s)
		}
	})
}
