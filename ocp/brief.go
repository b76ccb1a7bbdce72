package ocp

import "github.com/tocsin-go/tocsin/internal/markup"

// brief returns s as one clean line of at most limit bytes, with a visible
// mark where it was cut.
func brief(s string, limit int) string {
	w := markup.Writer{Mark: "…"}
	w.Line(s, limit)
	return string(w.Buf)
}
