package speech

import (
	"context"
	"log/slog"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
)

// WithoutTests returns the alerts that are no tests, in a slice of their own if
// there are any tests. For those no phone rings, which the log says: whoever
// tries out the way should not look for a fault.
func WithoutTests(ctx context.Context, log *slog.Logger, alerts []alert.Alert) []alert.Alert {
	isTest := func(a alert.Alert) bool { return a.Test }
	if !slices.ContainsFunc(alerts, isTest) {
		return alerts
	}
	rest := slices.DeleteFunc(slices.Clone(alerts), isTest)
	log.LogAttrs(ctx, slog.LevelInfo, "no phone rings for tests", slog.Int("tests", len(alerts)-len(rest)))
	return rest
}
