package alerttest

import "context"

// Names returns the names of the checks.
func Names() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}

// Breaches runs one check and returns what it finds wrong. It reports skipped
// with the name of the missing hook.
func Breaches(ctx context.Context, name string, h *Harness) (failures []string, skipped string) {
	for _, c := range checks() {
		if c.name != name {
			continue
		}
		if missing := h.missing(c.needs); missing != "" {
			return nil, missing
		}
		return c.apply(ctx, h), ""
	}
	panic("no check " + name)
}
