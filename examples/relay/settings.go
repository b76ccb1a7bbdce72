package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// envPrefix stands before the name of every setting in the environment.
const envPrefix = "TOCSIN_"

// maxValueFile bounds a file named by a …_FILE variable, in bytes.
const maxValueFile = 64 << 10

// A setting is one flag. It keeps the raw text: nothing is judged before it is
// known where the value comes from, because package flag quotes a value that
// it refuses, and the value may be a secret.
type setting struct {
	name, usage string
	kind        kind
	values      []string
	origin      string // "-listen", "TOCSIN_LISTEN" or "TOCSIN_LISTEN_FILE"; empty: not set
}

type kind uint8

const (
	single   kind = iota
	repeated      // may be given several times, or as a list separated by commas or lines
	toggle        // stands without a value
)

// String is called by package flag for -help and shows nothing.
func (s *setting) String() string { return "" }

// IsBoolFlag tells package flag that a toggle takes no value.
func (s *setting) IsBoolFlag() bool { return s.kind == toggle }

// Set keeps one value from the command line.
func (s *setting) Set(v string) error {
	s.origin = "-" + s.name
	s.values = append(s.values, v)
	return nil
}

// env is the name of the setting in the environment.
func (s *setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// text is the value of a setting that has one.
func (s *setting) text() string {
	if len(s.values) == 0 {
		return ""
	}
	return s.values[0]
}

// list is the value of a repeated setting: flags add up, commas and line ends
// separate.
func (s *setting) list() []string {
	var out []string
	for _, v := range s.values {
		for part := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
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
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, s := range settings {
		flags.Var(s, s.name, s.usage)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(help, settings)
			return err
		}
		return usageError{cleanParseError(err)}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("%d argument(s) too many: everything is set by flags, see -help", flags.NArg())}
	}
	for _, s := range settings {
		if err := s.complete(getenv); err != nil {
			return err
		}
	}
	return nil
}

// cleanParseError drops the texts of package flag that quote an argument.
func cleanParseError(err error) error {
	for _, harmless := range []string{"flag provided but not defined: ", "flag needs an argument: "} {
		if strings.HasPrefix(err.Error(), harmless) {
			return fmt.Errorf("%w (see -help)", err)
		}
	}
	return errors.New("an argument is not written as a flag (see -help)")
}

// complete takes the value from the environment if no flag set it.
func (s *setting) complete(getenv func(string) string) error {
	if s.origin == "" {
		if err := s.fromEnv(getenv); err != nil {
			return err
		}
	}
	if s.kind != repeated && len(s.values) > 1 {
		return s.refuse("given %d times", len(s.values))
	}
	if s.kind == toggle && s.origin != "" && s.text() != "true" && s.text() != "false" {
		return s.refuse("neither true nor false")
	}
	return nil
}

func (s *setting) fromEnv(getenv func(string) string) error {
	if v := getenv(s.env()); v != "" {
		s.origin, s.values = s.env(), []string{v}
		return nil
	}
	path := getenv(s.env() + "_FILE")
	if path == "" {
		return nil
	}
	s.origin = s.env() + "_FILE"
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
	if len(b) > maxValueFile {
		return "", fmt.Errorf("the file is longer than %d bytes", maxValueFile)
	}
	v := strings.TrimRight(string(b), "\r\n")
	if v == "" {
		return "", errors.New("the file is empty")
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
	fmt.Fprint(w, "Relay brings CloudMonitor callbacks to WeCom and DingTalk groups and to SNMP\nconsoles.\n\n")
	fmt.Fprint(w, "Each flag can be set in the environment: -wecom-url as TOCSIN_WECOM_URL, or as\n"+
		"TOCSIN_WECOM_URL_FILE with the name of a file that holds the value. What may be\n"+
		"repeated is separated there by commas or stands on a line each.\n\n")
	for _, s := range settings {
		arg, text := flag.UnquoteUsage(&flag.Flag{Name: s.name, Usage: s.usage, Value: s})
		if s.kind == toggle {
			arg = ""
		}
		fmt.Fprintf(w, "  -%s\n        %s\n", strings.TrimSpace(s.name+" "+arg), text)
	}
}
