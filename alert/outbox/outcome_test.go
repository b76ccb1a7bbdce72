package outbox_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// What follows from the errors of a Sender: which messages go out, what was accepted, and
// what ends as a dead letter.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	again, unsure, final := mood{again: true}, mood{again: true, unsure: true}, mood{unsure: true}
	disk := []alert.Alert{{Name: "firing", Key: "disk"}, {Name: "resolved", Key: "disk", Status: alert.Resolved}, {Name: "other"}}
	net := []alert.Alert{{Name: "late", Key: "net"}, {Name: "news", Key: "net", Status: alert.News}, {Name: "test", Key: "net", Test: true}}
	for _, tt := range []struct {
		name   string
		opts   outbox.RouteOptions
		errs   [][]error // of each message; one for all of it, or one for each alert
		alerts []alert.Alert
		told   []string // messages
		dead   []string
	}{
		{
			name: "retried", errs: [][]error{{errOdd}, {again}, {unsure}},
			alerts: []alert.Alert{{Name: "a"}}, told: []string{"[a]", "[a]", "[a]", "[a]"},
		},
		{
			name: "in part, refused again by itself", errs: [][]error{{nil, again, nil, mood{}}, {mood{}}},
			alerts: []alert.Alert{{Name: "a"}, {Name: "again"}, {Name: "b"}, {Name: "refused"}},
			told:   []string{"[a again b refused]", "[refused]", "[again]"}, dead: []string{"refused refused"},
		},
		{ // the last word about a Key is the last one
			name: "the later part of a Key", errs: [][]error{{again, nil, nil}},
			alerts: disk, told: []string{"[firing resolved other]", "[firing resolved]"},
		},
		{
			name: "one per Key", opts: outbox.RouteOptions{OnePerKey: true}, errs: [][]error{{again, nil}},
			alerts: disk, told: []string{"[firing other]", "[firing]", "[resolved]"},
		},
		{
			name: "the channel forbids a repetition", errs: [][]error{{final}},
			alerts: []alert.Alert{{Name: "a"}}, told: []string{"[a]"}, dead: []string{"a uncertain"},
		},
		{
			name: "the user allows it", opts: outbox.RouteOptions{Resend: true}, errs: [][]error{{final}},
			alerts: []alert.Alert{{Name: "a"}}, told: []string{"[a]", "[a]"},
		},
		{ // news and tests say nothing about the alert before them
			name: "never twice", opts: outbox.RouteOptions{NeverTwice: true}, errs: [][]error{{again, nil, nil, again, nil, nil}, {unsure, nil}},
			alerts: slices.Concat(disk, net), told: []string{"[firing resolved other late news test]", "[late]"},
			dead: []string{"firing overtaken", "late uncertain"},
		},
		{
			name: "a wait that the far end asks for", errs: [][]error{{mood{again: true, after: 10 * time.Minute}}},
			alerts: disk, told: []string{"[firing resolved other]", "[firing resolved other]"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var far alerttest.Recorder
				for _, errs := range tt.errs {
					if len(errs) == 1 {
						far.Fail(errs[0])
					} else {
						far.FailEach(errs...)
					}
				}
				b := newBox(t, &far, &tt.opts)
				require.NoError(t, b.Send(t.Context(), tt.alerts...))
				stop := run(t, b)
				<-time.After(time.Hour)
				stop()
				var told, ended []string
				for _, call := range far.Calls() {
					var names []string
					for i := range call {
						names = append(names, call[i].Name)
					}
					told = append(told, fmt.Sprint(names))
				}
				require.Equal(t, tt.told, told)
				dead, err := b.Dead(t.Context(), "route", 0, 10)
				require.NoError(t, err)
				for _, d := range dead {
					ended = append(ended, d.Alert.Name+" "+string(d.Cause))
				}
				require.Equal(t, tt.dead, ended)
			})
		})
	}
}
