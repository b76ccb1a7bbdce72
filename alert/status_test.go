package alert_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func TestStatusText(t *testing.T) {
	t.Parallel()
	var zero alert.Status
	require.Equal(t, alert.Firing, zero, "an unknown state must not be good news")
	for _, tt := range []struct {
		status alert.Status
		words  []string
	}{
		{alert.Firing, []string{"firing", "FIRING"}},
		{alert.Resolved, []string{"resolved", "Resolved"}},
		{alert.NoData, []string{"no_data", "NO_DATA"}},
		{alert.News, []string{"news", "News"}},
	} {
		text, err := tt.status.MarshalText()
		require.NoError(t, err)
		require.Equal(t, tt.words[0], string(text))
		require.Equal(t, tt.words[0], tt.status.String())
		for _, word := range tt.words {
			var back alert.Status
			require.NoError(t, back.UnmarshalText([]byte(word)))
			require.Equal(t, tt.status, back)
		}
	}
	require.Equal(t, "Status(4)", alert.Status(4).String())
	_, err := alert.Status(4).MarshalText()
	require.ErrorContains(t, err, "status 4 is out of range")
}

func TestStatusOpen(t *testing.T) {
	t.Parallel()
	for status, open := range map[alert.Status]bool{
		alert.Firing: true, alert.NoData: true, alert.Resolved: false, alert.News: false, 99: true,
	} {
		require.Equal(t, open, status.Open(), status)
	}
}

func TestStatusRefusesUnknownWords(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"", "ok", " firing", "Status(4)", "nodata"} {
		s := alert.NoData
		require.ErrorContains(t, s.UnmarshalText([]byte(word)), "unknown status", word)
		require.Equal(t, alert.NoData, s, "left as it was")
	}
}
