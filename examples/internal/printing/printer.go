package printing

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// A Box is something to print with a frame around it.
type Box struct{ Title, Text string }

// A Printer writes whole blocks, one at a time. It is safe for concurrent use.
type Printer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewPrinter returns one that writes to w.
func NewPrinter(w io.Writer) *Printer { return &Printer{w: w} }

// Printf prints text of the program's own.
func (p *Printer) Printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format, args...)
}

// Box prints text from outside under a title, each line behind a bar.
func (p *Printer) Box(b Box) {
	var s strings.Builder
	fmt.Fprintf(&s, "\n┌─ %s\n", cli.Printable(b.Title))
	for line := range strings.Lines(b.Text) {
		fmt.Fprintf(&s, "│ %s\n", cli.Printable(strings.TrimRight(line, "\r\n")))
	}
	s.WriteString("└─\n")
	p.Printf("%s", s.String())
}
