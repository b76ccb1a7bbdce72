package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/card"
)

func ExampleStyle() {
	s := card.Style{Locale: alert.English, Labels: []string{"team"}}
	a := alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-1", Summary: "91%", Labels: map[string]string{"team": "dba"}}
	fmt.Println(s.Headline(64, a))
	fmt.Println("--")
	fmt.Println(s.Text(1024, a))
	// Output:
	// Alert: Critical disk full db-1
	// --
	// Alert: Critical disk full db-1
	// Level: Critical
	// Instance: db-1
	// Alert: disk full
	// Status: Firing
	// team: dba
	// Details: 91%
}

func TestText(t *testing.T) {
	t.Parallel()
	s := card.Style{Location: time.UTC}
	alerts := make([]alert.Alert, 500)
	for i := range alerts {
		alerts[i] = alert.Alert{Name: fmt.Sprint("n", i%90, "<@all> <at user_id=\"all\">"), Status: alert.Status(i % 4), StartsAt: time.Unix(0, 0)}
	}
	text := s.Text(1024, alerts...)
	require.LessOrEqual(t, len(text), 1024)
	require.True(t, strings.HasPrefix(text, "【告警通知】共 500 条告警\n时间:1970-01-01 00:00:00 +00:00\n"), text)
	require.NotContains(t, text, "<@")
	require.NotContains(t, text, "<at")
	require.LessOrEqual(t, len(s.Headline(64, alerts...)), 64)
}
