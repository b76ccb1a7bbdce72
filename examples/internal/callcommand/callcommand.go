// Package callcommand places a call by starting a program.
package callcommand

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/voice"
)

const (
	maxOutput = 4 << 10         // bytes of a command's output that are kept
	killGrace = 2 * time.Second // for the output of a command that was killed
)

// ExitAnswered is the status by which a command says that somebody picked up; 0
// says that the call was accepted, and all others that it was refused.
const ExitAnswered = 10

// A Command calls one number by starting a program, without a shell.
type Command struct {
	Path string
	Log  *slog.Logger
}

// Find returns the path of a program that can be started, or why it cannot be: when
// somebody is to be woken it is too late to learn that. Its errors quote no path.
func Find(path string) (string, error) {
	found, err := exec.LookPath(path)
	if err != nil {
		return "", errors.New("want a file that can be started, with its directory: there is none, or it is not executable")
	}
	file, err := os.Open(found)
	if err != nil {
		return found, nil // which may be started all the same
	}
	defer file.Close() //nolint:errcheck // it was only read
	head := make([]byte, 512)
	n, _ := io.ReadFull(file, head)
	if head = head[:n]; !bytes.HasPrefix(head, []byte("#!")) && !bytes.ContainsRune(head, 0) {
		return "", errors.New("want a file that can be started: a script begins with #! and the path of its interpreter")
	}
	return found, nil
}

// Dial starts the program and waits for it. What it prints is kept in part,
// and shows in the answer without numbers; it is not logged.
func (c Command) Dial(ctx context.Context, number, text string) voice.Result {
	cmd := exec.CommandContext(ctx, c.Path)
	cmd.Env = append(inherited(os.Environ()), cli.EnvPrefix+"CALLEE="+number, cli.EnvPrefix+"TEXT="+text)
	cmd.WaitDelay = killGrace
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.Log.LogAttrs(ctx, slog.LevelError, "the command does not start", slog.String("error", cli.WithoutPath(err).Error()))
		return voice.Result{State: voice.RejectedTemporary, Code: "start", Reason: "the command does not start"}
	}
	err := cmd.Wait()
	return result(ctx, err, out.String())
}

// result reads the outcome of a program that ran. One that was killed may have
// placed the call.
func result(ctx context.Context, err error, said string) voice.Result {
	r := voice.Result{State: voice.Accepted, Reason: said}
	if err == nil {
		return r
	}
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil, !exited, exit.ExitCode() < 0:
		r.State, r.Code = voice.Unknown, "killed"
	case exit.ExitCode() == ExitAnswered:
		r.State = voice.Answered
	default:
		r.State, r.Code = voice.RejectedPermanent, "exit "+strconv.Itoa(exit.ExitCode())
	}
	return r
}

// inherited returns the environment for the program: without our own settings,
// among which is the token.
func inherited(environ []string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(strings.ToUpper(pair), cli.EnvPrefix) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// output keeps the begin of what is written to it.
type output struct{ kept bytes.Buffer }

// Write takes everything.
func (o *output) Write(p []byte) (int, error) {
	room := max(0, maxOutput-o.kept.Len())
	o.kept.Write(p[:min(len(p), room)])
	return len(p), nil
}

func (o *output) String() string { return o.kept.String() }
