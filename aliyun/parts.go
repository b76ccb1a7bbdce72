package aliyun

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseArray reads the elements of a JSON array that is valid, each by itself:
// one that is no alert costs none of the others.
func parseArray(raw, text string) (*Callback, error) {
	list := elements(nil, text)
	if len(list) == 0 {
		return nil, &Error{Kind: ErrEmpty}
	}
	r, c := &reader{}, &Callback{Raw: raw}
	for i, element := range list {
		part, err := parseElement(element)
		if err != nil {
			r.leave(fmt.Sprintf("[%d]", i), err)
			continue
		}
		c.Parts = append(c.Parts, part)
		for _, p := range part.Problems {
			r.note(fmt.Sprintf("[%d].%s", i, p))
		}
		r.unread = append(r.unread, part.Unread...)
	}
	if c.Parts == nil {
		first := *r.unread[0]
		first.Detail = strings.TrimSuffix(fmt.Sprintf("array of %d elements: %s", len(list), first.Detail), ": ")
		return nil, &first
	}
	c.Problems, c.Unread = r.problems, r.unread[:min(len(r.unread), maxProblems)]
	return c, nil
}

// parseElement reads one element, which must be an object or hold one as text.
func parseElement(text string) (*Callback, *Error) {
	object, ok := field{raw: text}.object()
	if !ok {
		return nil, &Error{Kind: ErrSyntax, Detail: "JSON, but not an object"}
	}
	var room [24]field
	c, err := new(reader).understand(object, split(room[:0], object))
	if err != nil {
		e, _ := errors.AsType[*Error](err)
		return nil, e
	}
	return c, nil
}

// leave notes an element that holds no alert.
func (r *reader) leave(where string, err *Error) {
	r.note(where + ": " + err.Kind.Error())
	if len(r.unread) < maxProblems {
		r.unread = append(r.unread, err)
	}
}

// merged returns how many alerts a message stands for, if it is more than one:
// the greater of the number it states and of those it lists.
func merged(extra Fields) int {
	n := 0
	for _, f := range extra {
		switch {
		case strings.EqualFold(f.Key, "alertCount"):
			count, _ := strconv.Atoi(strings.TrimSpace(f.Value))
			n = max(n, count)
		case strings.EqualFold(f.Key, "relatedAlertIds") && json.Valid([]byte(f.Value)) && strings.HasPrefix(f.Value, "["):
			n = max(n, len(elements(nil, f.Value)))
		}
	}
	if n < 2 {
		return 0
	}
	return n
}
