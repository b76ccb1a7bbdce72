package escalate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

func TestRehearse(t *testing.T) {
	t.Parallel()
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	var far alerttest.Recorder
	e, err := escalate.New(box, "duty", []escalate.Step{{Name: "chat", Sender: &far}, {Name: "phone", After: 5 * time.Minute, Sender: &far}},
		&escalate.Options{Filter: func(a alert.Alert) bool { return a.Severity >= alert.Warning }})
	require.NoError(t, err)
	at := func(key string, change func(*alert.Alert)) alert.Alert {
		a := alert.Alert{Source: "s", ID: key, Key: key}
		change(&a)
		return a
	}
	as := func(s alert.Status) func(*alert.Alert) { return func(a *alert.Alert) { a.Status = s } }
	same := func(*alert.Alert) {}
	tests := []struct {
		name        string
		alerts      []alert.Alert
		chat, phone bool // about the first
		why         string
	}{
		{"a problem", []alert.Alert{at("k", same)}, true, true, "the alert opens an incident, and nobody has taken it 5m0s later"},
		{"below the filter", []alert.Alert{at("k", func(a *alert.Alert) { a.Severity = alert.Info })}, false, false, "the filter keeps it out of the escalation"},
		{"a test", []alert.Alert{at("k", func(a *alert.Alert) { a.Test = true })}, true, false, "a test calls nobody"},
		{"news", []alert.Alert{at("k", as(alert.News))}, true, false, "it begins no problem, its status is news"},
		{"no data", []alert.Alert{at("k", as(alert.NoData))}, true, false, "it begins no problem, its status is no_data"},
		{"an end", []alert.Alert{at("k", as(alert.Resolved))}, true, false, "it ends a problem"},
		{"over soon", []alert.Alert{at("k", same), at("l", same), at("k", as(alert.Resolved))}, true, false, "alert 3 ends the problem before"},
		{"another is over", []alert.Alert{at("k", same), at("l", as(alert.Resolved))}, true, true, "the alert opens an incident, and nobody has taken it 5m0s later"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan := e.Rehearse(tt.alerts...)
			require.Len(t, plan, 2*len(tt.alerts))
			require.Equal(t, []bool{tt.chat, tt.phone}, []bool{plan[0].Tells, plan[1].Tells})
			require.Equal(t, tt.why, plan[1].Why)
			require.Equal(t, 5*time.Minute, plan[1].After)
		})
	}
	again := e.Rehearse(at("k", same), at("k", same))
	require.Equal(t, "alert 1 has opened the incident already", again[3].Why)
	require.Empty(t, e.Rehearse())
	require.Empty(t, far.Calls())
}
