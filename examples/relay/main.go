// Relay brings callbacks of CloudMonitor and of OceanBase OCP to WeCom and DingTalk
// groups and to SNMP consoles. It answers a callback as soon as the alert is in its database, and
// delivers from there.
//
// With nothing configured it shows in the terminal, and on a page that it prints
// the address of, what it would deliver; with -demo it does so once and ends:
//
//	go run ./examples/relay -demo
package main

import (
	"context"
	_ "embed"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/relaying"
)

// sample is a callback that Alibaba Cloud sent, with digits changed.
//
//go:embed testdata/event-2020-cfw-dryrun.json
var sample []byte

func main() {
	// The relay keeps little and allocates much in a storm: collecting less
	// often saves a tenth of its time for some megabytes.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	cli.Main(run)
}

// run is the program. It ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := relaying.Configure(args, getenv, stdout)
	if err == nil {
		c.Sample = sample
		err = relaying.Run(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)), stdout)
	}
	return cli.Exit("relay", err, stderr)
}
