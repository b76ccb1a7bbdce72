package alert

import "context"

// Only passes on the alerts of at least the given severity and drops the
// others, in whatever state: a resolved alert bears the severity of its
// problem, so whoever heard of the problem hears of its end. Dropped alerts
// count as accepted. Tests and News are passed and dropped like the rest; a
// filter of one's own asks for [Alert.Test] and [Status.Open]. Errors of the wrapped Sender are mapped back to the
// alerts given; alerts that all pass reach it as they are.
func Only(least Severity) Middleware {
	return func(next Sender) Sender {
		return SenderFunc(func(ctx context.Context, alerts ...Alert) error {
			passed := make([]int, 0, len(alerts))
			for i := range alerts {
				if alerts[i].Severity >= least {
					passed = append(passed, i)
				}
			}
			switch len(passed) {
			case 0:
				return nil
			case len(alerts):
				return next.Send(ctx, alerts...)
			}
			errs := make([]error, len(alerts))
			spread(errs, passed, next.Send(ctx, pick(alerts, passed)...))
			return Partial(errs)
		})
	}
}

// pick returns the alerts at the given indices.
func pick(alerts []Alert, indices []int) []Alert {
	picked := make([]Alert, len(indices))
	for k, i := range indices {
		picked[k] = alerts[i]
	}
	return picked
}

// spread writes what err, the result of sending the alerts at the given
// indices, means for each of them into errs.
func spread(errs []error, indices []int, err error) {
	if err == nil {
		return
	}
	for k, i := range indices {
		errs[i] = ErrorAt(err, k, len(indices))
	}
}
