package snmptrap_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// Several consoles: each gets a trap an alert, and all must take it.
func ExampleSender_Send() {
	ctx := context.Background()
	main, spare := snmptraptest.Listen(&testing.T{}, nil), snmptraptest.Listen(&testing.T{}, nil) // in a test: its t
	s, err := snmptrap.New([]string{main.Addr(), spare.Addr()}, "my-community", "1.3.6.1.4.1.32473", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(s.Send(ctx,
		alert.Alert{Key: "disk/db-1", Name: "disk full"},
		alert.Alert{Key: "disk/db-1", Name: "disk full", Status: alert.Resolved},
	))
	for _, console := range []*snmptraptest.Listener{main, spare} {
		for range 2 {
			trap, err := console.Next(ctx)
			fmt.Println(trap.OID, err)
		}
	}
	// Output:
	// <nil>
	// 1.3.6.1.4.1.32473.0.1 <nil>
	// 1.3.6.1.4.1.32473.0.2 <nil>
	// 1.3.6.1.4.1.32473.0.1 <nil>
	// 1.3.6.1.4.1.32473.0.2 <nil>
}

// The console wants notifications of its own for some alerts.
func ExampleOIDs() {
	ctx := context.Background()
	console := snmptraptest.Listen(&testing.T{}, nil)
	s, err := snmptrap.New([]string{console.Addr()}, "my-community", "1.3.6.1.4.1.32473", &snmptrap.Options{
		OIDs: snmptrap.OIDs{Notification: func(a alert.Alert) string { return a.Labels["oid"] }},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	_ = s.Send(ctx, alert.Alert{Labels: map[string]string{"oid": "1.3.6.1.4.1.32473.0.17"}}, alert.Alert{})
	for range 2 {
		trap, err := console.Next(ctx)
		fmt.Println(trap.OID, err)
	}
	// Output:
	// 1.3.6.1.4.1.32473.0.17 <nil>
	// 1.3.6.1.4.1.32473.0.1 <nil>
}

// Values such as level:WARN, for filters that were made for the original relay,
// or one object for each thing that is known.
func ExampleParseLayout() {
	for _, word := range []string{"seed", "full", "short"} {
		layout, err := snmptrap.ParseLayout(word)
		fmt.Println(layout, err)
	}
	// Output:
	// seed <nil>
	// full <nil>
	// full snmptrap: unknown layout "short" (want full or seed)
}
