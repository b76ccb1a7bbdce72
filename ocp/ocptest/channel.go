package ocptest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A Channel is a custom-script channel: what OCP starts to send a message.
type Channel struct {
	// Command is the program and its arguments. OCP takes a script in Bash or
	// Python, which its first line decides, and starts it without arguments;
	// further ones are for tests.
	Command []string

	// Validation is what the answer must hold, as in the settings of a
	// channel: a JSON object all of whose members must be in the answer; or a
	// text or regular expression that is the whole answer. "" means {}, with
	// which everything is fine.
	Validation string

	// Timeout ends a script. Default: 10 s.
	Timeout time.Duration

	// Retries is how often a script is started again that failed. Default: 1;
	// -1 means never.
	Retries int

	// Recoveries sends a message when an alarm has ended, too.
	Recoveries bool

	// Language is that of the words for level and status: zh_CN, zh_TW or
	// en_US. Default: zh_CN.
	Language string

	// Path is the PATH of the script, the only variable that is not about the
	// alarm. Default: /usr/local/bin:/usr/bin:/bin.
	Path string
}

// A Run is one start of a script.
type Run struct {
	Env      []string // NAME=value, sorted, PATH included
	Attempt  int      // from 1
	ExitCode int      // -1 if it did not start or was ended
	Stdout   string
	Stderr   string
	TimedOut bool
	Accepted bool   // OCP takes the message for sent
	Reason   string // why not
	Time     time.Time
}

// Defaults of a Channel.
const (
	defaultTimeout = 10 * time.Second
	defaultPath    = "/usr/local/bin:/usr/bin:/bin"
	maxOutput      = 1 << 20         // bytes that are kept of each stream
	maxVariable    = 128<<10 - 1     // bytes of NAME=value, the limit of Linux
	grace          = 2 * time.Second // for whoever holds on to the streams
)

// Runs waits for the scripts that are under way, and returns all starts so
// far, in order.
func (s *Server) Runs() []Run {
	s.runs.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notifications)
}

// tell starts the script of the channel for an alarm. The caller holds the
// lock.
func (s *Server) tell(e Event) {
	c := s.Channel
	if c == nil || e.Status == "Inactive" && !c.Recoveries {
		return
	}
	env, dir := c.environment(&e), s.tb.TempDir()
	s.tb.Cleanup(s.runs.Wait) // before the directory goes
	s.runs.Go(func() {
		for attempt := 1; attempt <= 1+max(0, cmp.Or(c.Retries, 1)); attempt++ {
			run := c.run(env, dir)
			run.Attempt, run.Time = attempt, s.now()
			s.mu.Lock()
			s.notifications = append(s.notifications, run)
			s.mu.Unlock()
			if run.Accepted {
				return
			}
		}
	})
}

// run starts the script once.
func (c *Channel) run(env []string, dir string) (run Run) {
	run = Run{Env: env, ExitCode: -1}
	if run.Reason = c.refuse(env); run.Reason != "" {
		return run
	}
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(c.Timeout, defaultTimeout))
	defer cancel()
	err := c.start(ctx, &run, dir)
	for tries := 0; isBusy(err) && tries < 100 && ctx.Err() == nil; tries++ {
		// Another goroutine of the test forked while the script was being
		// written, and its child still holds the file for a moment.
		<-time.After(10 * time.Millisecond)
		err = c.start(ctx, &run, dir)
	}
	run.TimedOut = ctx.Err() != nil
	run.Reason = c.judge(&run, err)
	run.Accepted = run.Reason == ""
	return run
}

// start starts the script and waits for its end.
func (c *Channel) start(ctx context.Context, run *Run, dir string) error {
	var stdout, stderr output
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = run.Env, dir, &stdout, &stderr, grace
	detach(cmd)
	err := cmd.Run()
	run.Stdout, run.Stderr = stdout.kept.String(), stderr.kept.String()
	if cmd.ProcessState != nil {
		run.ExitCode = cmd.ProcessState.ExitCode()
	}
	return err
}

// judge says why OCP takes a message for not sent. How it puts exit status and
// answer together is not documented: here both must be fine.
func (c *Channel) judge(run *Run, err error) string {
	_, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case run.TimedOut:
		return "no end within " + cmp.Or(c.Timeout, defaultTimeout).String()
	case err != nil && !exited:
		return "did not run: " + err.Error()
	case run.ExitCode != 0:
		return fmt.Sprintf("exit status %d", run.ExitCode)
	}
	return c.validate(run)
}

// refuse says why OCP does not start a script.
func (c *Channel) refuse(env []string) string {
	if len(c.Command) == 0 {
		return "ALM40009: there is no script"
	}
	first, err := firstLine(c.Command[0])
	if err != nil {
		return "ALM40016: the script cannot be read"
	}
	program, ok := strings.CutPrefix(first, "#!")
	if !ok {
		return "ALM40010: the first line does not begin with #!"
	}
	if !slices.Contains(programs(), strings.Join(strings.Fields(program), " ")) {
		return "ALM40011: OCP takes scripts in Bash and Python only, not for " + strings.TrimSpace(program)
	}
	for _, variable := range env {
		if len(variable) > maxVariable {
			return "argument list too long"
		}
	}
	return ""
}

// programs are the programs that the first line of a script may name.
func programs() []string {
	return []string{
		"python", "bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/python", "/usr/bin/bash",
		"/usr/bin/env python", "/usr/bin/env bash", "/usr/bin/env sh",
	}
}

// firstLine returns the first line of a file, of which it reads no more than a
// line can have.
func firstLine(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	head := make([]byte, 256)
	n, err := f.Read(head)
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(head[:n], []byte("\n"))
	return strings.TrimRight(string(line), "\r"), nil
}

// An output keeps the begin of a stream. It does not embed the buffer, whose
// ReadFrom would be used instead of Write.
type output struct{ kept bytes.Buffer }

// Write takes everything and keeps what there is room for.
func (o *output) Write(p []byte) (int, error) {
	o.kept.Write(p[:min(len(p), maxOutput-o.kept.Len())])
	return len(p), nil
}
