package pigeon

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkPlaceholders compares the placeholders of an inline guidance with the
// parameters. A placeholder without a value is an error: what a voice would
// make of it in the night is not documented. A value without a placeholder is
// a warning, since nothing is missing from what is said.
func (r *Request) checkPlaceholders() (warnings []string, err error) {
	used := map[string]bool{}
	texts := map[string]string{"params.guidance.messageTemplate": r.Guidance.Text}
	for key, reaction := range r.Guidance.Reactions {
		texts["params.guidance.reactions."+key+".messageTemplate"] = reaction.Text
	}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		names, err := placeholders(field, texts[field])
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if _, given := r.Parameters[name]; !given {
				return nil, &FieldError{field, fmt.Sprintf("the placeholder {{%s}} has no value in params.parameters", name)}
			}
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		if !used[name] {
			warnings = append(warnings, fmt.Sprintf("the parameter %q has no placeholder in the guidance", name))
		}
	}
	return warnings, nil
}

// placeholders returns the names between double braces in a text, in order.
func placeholders(field, text string) ([]string, error) {
	var names []string
	for {
		_, after, found := strings.Cut(text, "{{")
		if !found {
			return names, nil
		}
		name, rest, closed := strings.Cut(after, "}}")
		name = strings.TrimSpace(name)
		if !closed || !isName(name) {
			return nil, &FieldError{field, "holds {{ that does not begin a {{name}}"}
		}
		names, text = append(names, name), rest
	}
}
