package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
)

// A config is what the operator asked for.
type config struct {
	listen, token, command string
	timeout                time.Duration
	parallel               int
	serial                 bool
	form                   voice.Form
	locale                 alert.Locale
}

// A usageError is the operator's to correct; the program ends with status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// maxValueFile bounds a file named by a …_FILE variable, in bytes.
const maxValueFile = 64 << 10

// settings returns the flags, all with an empty value, so that what was not
// given can be looked for in the environment.
func settings() *flag.FlagSet {
	flags := flag.NewFlagSet("bk-voice-gateway", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.String("listen", "", "`host:port` to listen on (default 127.0.0.1:8080)")
	flags.String("path-token", "", "BlueKing posts to /voice/`token`; required: letters, digits and -._~")
	flags.String("command", "", "`file` to start for each callee, with TOCSIN_CALLEE and TOCSIN_TEXT in its environment; required")
	flags.String("timeout", "", "how `long` one command may run (default 1m)")
	flags.String("parallel", "", "`number` of commands at a time for one request (default 4)")
	flags.String("mode", "", "`parallel` calls everybody, serial stops when the command ends with status 10, answered (default parallel)")
	flags.String("form", "", "`national` numbers for the command, digits alone, or international ones with a plus (default national)")
	flags.String("locale", "", "`language` of the words that make a text readable: zh, en or ja (default zh)")
	return flags
}

// configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered. Its
// errors quote no value: it may be the token.
func configure(args []string, getenv func(string) string, help io.Writer) (*config, error) {
	flags := settings()
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(help, flags)
			return nil, err
		}
		return nil, usageError{errors.New("an argument is not written as a flag, or there is no such flag (see -help)")}
	}
	if flags.NArg() > 0 {
		return nil, usageError{fmt.Errorf("%d argument(s) too many (see -help)", flags.NArg())}
	}
	values := map[string]string{}
	var failed error
	flags.VisitAll(func(f *flag.Flag) {
		v, err := value(f, getenv)
		failed = errors.Join(failed, err)
		values[f.Name] = v
	})
	if failed != nil {
		return nil, usageError{failed}
	}
	return judge(values)
}

// value returns what a flag, the environment or a file says, in this order.
func value(f *flag.Flag, getenv func(string) string) (string, error) {
	env := "TOCSIN_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
	if v := f.Value.String(); v != "" {
		return v, nil
	}
	if v := getenv(env); v != "" {
		return v, nil
	}
	path := getenv(env + "_FILE")
	if path == "" {
		return "", nil
	}
	v, err := readValue(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", env, err)
	}
	return v, nil
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

// judge makes a config of the values.
func judge(values map[string]string) (*config, error) {
	c := &config{
		listen: "127.0.0.1:8080", token: values["path-token"], command: values["command"], timeout: time.Minute, parallel: 4,
	}
	if v := values["listen"]; v != "" {
		c.listen = v
	}
	refuse := func(name, why string) (*config, error) { return nil, usageError{fmt.Errorf("-%s: %s", name, why)} }
	if _, _, err := net.SplitHostPort(c.listen); err != nil {
		return refuse("listen", "not of the form host:port")
	}
	if c.token == "" {
		return refuse("path-token", "required; TOCSIN_PATH_TOKEN_FILE names a file that holds it")
	}
	if info, err := os.Stat(c.command); err != nil || info.IsDir() {
		return refuse("command", "required: a file that can be started")
	}
	var err error
	if v := values["timeout"]; v != "" {
		if c.timeout, err = time.ParseDuration(v); err != nil || c.timeout <= 0 {
			return refuse("timeout", "not a time such as 30s")
		}
	}
	if v := values["parallel"]; v != "" {
		if n, err := fmt.Sscan(v, &c.parallel); n != 1 || err != nil || c.parallel < 1 {
			return refuse("parallel", "not a number from 1 on")
		}
	}
	if c.serial = values["mode"] == "serial"; !c.serial && values["mode"] != "" && values["mode"] != "parallel" {
		return refuse("mode", "neither parallel nor serial")
	}
	if values["form"] == "international" {
		c.form = voice.International
	} else if values["form"] != "" && values["form"] != "national" {
		return refuse("form", "neither national nor international")
	}
	if v := values["locale"]; v != "" {
		if c.locale, err = alert.ParseLocale(v); err != nil {
			return refuse("locale", "not zh, en or ja")
		}
	}
	return c, nil
}

// usage prints the flags.
func usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "Bk-voice-gateway takes what BlueKing's component send_voice_msg posts to dest_url\n"+
		"and starts a command for each person to call.\n\n"+
		"Each flag can be set in the environment: -path-token as TOCSIN_PATH_TOKEN, or as\n"+
		"TOCSIN_PATH_TOKEN_FILE with the name of a file that holds the value.\n\n")
	flags.VisitAll(func(f *flag.Flag) {
		arg, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  -%s %s\n        %s\n", f.Name, arg, text)
	})
}
