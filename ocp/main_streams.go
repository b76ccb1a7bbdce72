package ocp

import (
	"io"
	"log/slog"
	"os"
)

// takeStreams returns the output and the error output of the process and
// leaves nothing in their place, neither for code that writes to the variables of
// package os nor for the default loggers.
func takeStreams() (stdout, stderr io.Writer) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // that of package log writes there too
	stdout, stderr = os.Stdout, os.Stderr
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return stdout, stderr // then there is only the handler's good will
	}
	if out, errout, err := replaceDescriptors(nowhere); err == nil {
		stdout, stderr = out, errout
	}
	os.Stdout, os.Stderr = nowhere, nowhere
	return stdout, stderr
}
