package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// A Form is the table of a program's settings, in the order of -help. Fill it
// with Text, List and Toggle, and then read it once.
type Form struct {
	// Program is the name of the program, and About what -help says before the
	// settings.
	Program, About string

	// NameUnknown makes the error for an unknown flag name it. Without it, a
	// secret that begins with a hyphen is not quoted if it slips in between.
	NameUnknown bool

	settings []*Setting
}

// Text adds a setting with one value. Usage has the value's name in
// backquotes, as in package flag.
func (f *Form) Text(name, usage string) *Setting { return f.add(name, usage, single) }

// List adds a setting that may be given several times, or as one text in which
// commas or line ends separate.
func (f *Form) List(name, usage string) *Setting { return f.add(name, usage, repeated) }

// Toggle adds a setting that stands without a value.
func (f *Form) Toggle(name, usage string) *Setting { return f.add(name, usage, toggle) }

func (f *Form) add(name, usage string, k kind) *Setting {
	s := &Setting{Name: name, usage: usage, kind: k}
	f.settings = append(f.settings, s)
	return s
}

// Settings returns all of them.
func (f *Form) Settings() []*Setting { return f.settings }

// Read fills the settings: a flag beats the environment, and a variable beats
// the file that its …_FILE twin names. It returns flag.ErrHelp after -help was
// answered, and else a [UsageError], which quotes no value.
func (f *Form) Read(args []string, getenv func(string) string, help io.Writer) error {
	flags := flag.NewFlagSet(f.Program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, s := range f.settings {
		flags.Var(s, s.Name, s.usage)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.usage(help)
			return err
		}
		return UsageError{f.parseError(err)}
	}
	if flags.NArg() > 0 {
		return UsageError{fmt.Errorf("%d argument(s) too many: everything is set by flags, see -help", flags.NArg())}
	}
	for _, s := range f.settings {
		if err := s.complete(getenv); err != nil {
			return err
		}
	}
	return nil
}

// parseError drops the texts of package flag that quote an argument.
func (f *Form) parseError(err error) error {
	if !f.NameUnknown {
		return errors.New("an argument is not written as a flag, or there is no such flag (see -help)")
	}
	for _, harmless := range []string{"flag provided but not defined: ", "flag needs an argument: "} {
		if strings.HasPrefix(err.Error(), harmless) {
			return fmt.Errorf("%w (see -help)", err)
		}
	}
	return errors.New("an argument is not written as a flag (see -help)")
}

// usage prints the settings.
func (f *Form) usage(w io.Writer) {
	fmt.Fprint(w, f.About)
	for _, s := range f.settings {
		arg, text := flag.UnquoteUsage(&flag.Flag{Name: s.Name, Usage: s.usage, Value: s})
		if s.kind == toggle {
			arg = ""
		}
		fmt.Fprintf(w, "  -%s\n        %s\n", strings.TrimSpace(s.Name+" "+arg), text)
	}
}
