package destinations

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Printer returns a Sender that prints a line for each alert.
func Printer(w io.Writer) alert.Sender {
	var mu sync.Mutex
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if err := ctx.Err(); err != nil || len(alerts) == 0 {
			return err
		}
		var lines strings.Builder
		for _, a := range alerts {
			test := ""
			if a.Test {
				test = "test "
			}
			fmt.Fprintf(&lines, "%s %s%s %s: %s\n", a.Time().Format(time.RFC3339), test, a.Status, a.LevelWord(),
				cli.Printable(strings.Join([]string{cmp.Or(a.Instance, "-"), cmp.Or(a.Name, "-"), cmp.Or(a.Summary, "-")}, ": ")))
		}
		mu.Lock()
		defer mu.Unlock()
		_, err := io.WriteString(w, lines.String())
		return err
	})
}
