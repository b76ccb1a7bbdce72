// Sandbox starts a stand-in of every destination on this machine, and a page
// that shows live what each receives, as its reader would see it:
//
//	go run ./examples/sandbox
//
// Open the page that it prints. Its buttons send alerts; the other addresses are
// for one's own program. See docs/sandbox.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

func main() { cli.Main(run) }

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, _ func(string) string, stdout, stderr io.Writer) int {
	opts := &sandbox.Options{Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.Listen, "listen", "127.0.0.1:8090", "`host:port` of the page and the stand-ins; who listens on more than the loopback shows all of it to the network")
	flags.StringVar(&opts.TrapListen, "trap-listen", "127.0.0.1:8162", "`address:port` of the SNMP console")
	flags.StringVar(&opts.AutoCall, "autocall-url", "", "`URL` of your own AutoCall server, for the phone to poll in place of the sandbox's")
	flags.DurationVar(&opts.Ring, "ring", 0, "how long phones ring (default 25s)")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return cli.ExitOK
	} else if err != nil {
		return cli.ExitUsage // the flags have said why
	}
	if _, _, err := net.SplitHostPort(opts.Listen); err != nil || flags.NArg() > 0 || opts.Ring < 0 {
		err = errors.New("want flags only, -listen of the form host:port and a positive -ring; see -help")
		return cli.Exit("sandbox", cli.UsageError{Err: err}, stderr)
	}
	return cli.Exit("sandbox", serve(ctx, opts, stdout), stderr)
}

// serve runs the sandbox until ctx ends.
func serve(ctx context.Context, opts *sandbox.Options, stdout io.Writer) error {
	s, err := sandbox.Start(ctx, opts)
	if err != nil {
		return err
	}
	t := s.Targets()
	fmt.Fprintf(stdout, "Open %s\n\nFor your own program:\n", t.Page)
	last := "callback"
	for _, line := range t.Settings() {
		name := line.Name
		if line.Dest == "" {
			name = "CloudMonitor callback"
		} else if line.Dest != last {
			fmt.Fprintf(stdout, "  %s\n", line.Dest)
		}
		last = line.Dest
		fmt.Fprintf(stdout, "    %-22s %s\n", name, line.Value)
	}
	fmt.Fprint(stdout, "\nCtrl-C stops it.\n")
	<-ctx.Done()
	return s.Close()
}
