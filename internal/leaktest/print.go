package leaktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// A printer is one way in which programs show a value.
type printer struct {
	name  string
	print func(v any) string
}

// prints returns all ways but the walk.
func prints() []printer {
	var ways []printer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		ways = append(ways,
			printer{verb, func(v any) string { return fmt.Sprintf(verb, v) }},
			printer{verb + " of a struct around it", func(v any) string { return fmt.Sprintf(verb, struct{ v any }{v}) }})
	}
	return append(ways,
		printer{"slog text", slogged(func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(b, o) })},
		printer{"slog JSON", slogged(func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(b, o) })},
		printer{"JSON", encoded},
		printer{"a panic", panicked})
}

// slogged logs with a handler.
func slogged(handler func(*bytes.Buffer, *slog.HandlerOptions) slog.Handler) func(any) string {
	return func(v any) string {
		var b bytes.Buffer
		slog.New(handler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})).Debug("print", "v", v)
		return b.String()
	}
}

// encoded returns JSON, or why there is none.
func encoded(v any) string {
	text, err := json.Marshal(map[string]any{"v": v})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// panicked returns what servers log of a panic that they recover from.
func panicked(v any) (text string) {
	if v == nil {
		return ""
	}
	defer func() { text = fmt.Sprintf("panic: %v\n%s", recover(), debug.Stack()) }()
	panic(v)
}
