package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// maxValueFile bounds a file named by a …_FILE variable, in bytes.
const maxValueFile = 64 << 10

// A setting is one flag. It keeps the raw text: package flag quotes a value
// that it refuses, and the value may be a secret.
type setting struct {
	name, usage string
	repeated    bool // flags add up; commas and line ends separate
	values      []string
	origin      string // "-listen", "TOCSIN_LISTEN" or "TOCSIN_LISTEN_FILE"; empty: not set
}

// String is called by package flag for -help and shows nothing.
func (s *setting) String() string { return "" }

// Set keeps one value from the command line.
func (s *setting) Set(v string) error {
	s.origin, s.values = "-"+s.name, append(s.values, v)
	return nil
}

// text is the value of a setting that has one, or a default.
func (s *setting) text(otherwise string) string {
	if len(s.values) == 0 {
		return otherwise
	}
	return s.values[0]
}

// list is the value of a repeated setting.
func (s *setting) list() (out []string) {
	for _, v := range s.values {
		for part := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// duration reads a time such as 90s; 0 if it is not set.
func (s *setting) duration() (time.Duration, error) {
	if s.origin == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s.text(""))
	if err != nil || d <= 0 {
		return 0, s.refuse("not a time such as 90s")
	}
	return d, nil
}

// refuse names the place where a value came from, never the value.
func (s *setting) refuse(format string, args ...any) error {
	return usageError{fmt.Errorf("%s: %w", s.origin, fmt.Errorf(format, args...))}
}

// A usageError is the operator's to correct; the program ends with status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// read fills the settings: a flag beats the environment, and a variable beats
// the file that its …_FILE twin names. An empty variable counts as not set.
func read(settings []*setting, args []string, getenv func(string) string, help io.Writer) error {
	flags := flag.NewFlagSet("autocall-server", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, s := range settings {
		flags.Var(s, s.name, s.usage)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(help, settings)
			return err
		}
		return usageError{errors.New("an argument is not written as a flag, or there is no such flag (see -help)")}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("%d argument(s) too many: everything is set by flags, see -help", flags.NArg())}
	}
	for _, s := range settings {
		if s.origin == "" {
			if err := s.fromEnv(getenv); err != nil {
				return err
			}
		}
		if !s.repeated && len(s.values) > 1 {
			return s.refuse("given %d times", len(s.values))
		}
	}
	return nil
}

// fromEnv takes the value from the environment, or from a file.
func (s *setting) fromEnv(getenv func(string) string) error {
	env := "TOCSIN_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
	if v := getenv(env); v != "" {
		s.origin, s.values = env, []string{v}
		return nil
	}
	path := getenv(env + "_FILE")
	if path == "" {
		return nil
	}
	s.origin = env + "_FILE"
	v, err := readValue(path)
	if err != nil {
		return s.refuse("%w", err)
	}
	s.values = []string{v}
	return nil
}

// readValue reads a value from a file, without the line end that editors add.
// Its errors leave the path out: the secret itself may have been put there.
func readValue(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, maxValueFile+1))
	if err != nil {
		return "", withoutPath(err)
	}
	v := strings.TrimRight(string(b), "\r\n")
	if v == "" || len(b) > maxValueFile {
		return "", fmt.Errorf("the file is empty or longer than %d bytes", maxValueFile)
	}
	return v, nil
}

func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// usage prints the flags in the order of the table.
func usage(w io.Writer, settings []*setting) {
	fmt.Fprint(w, "Autocall-server lets Android phones with the app AutoCall ring people about\nalerts. See docs/autocall.md.\n\n"+
		"Each flag can be set in the environment: -admin-token as TOCSIN_ADMIN_TOKEN, or as\n"+
		"TOCSIN_ADMIN_TOKEN_FILE with the name of a file that holds the value. What may be\n"+
		"repeated is separated there by commas or stands on a line each.\n\n")
	for _, s := range settings {
		arg, text := flag.UnquoteUsage(&flag.Flag{Name: s.name, Usage: s.usage, Value: s})
		fmt.Fprintf(w, "  -%s %s\n        %s\n", s.name, arg, text)
	}
}
