package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/ocp"
)

// envPrefix stands before the name of every setting in the environment.
const envPrefix = "TOCSIN_OCP_"

// maxValueFile bounds a file named by a …_FILE variable, in bytes.
const maxValueFile = 64 << 10

// settings are what a run needs.
type settings struct {
	client *ocp.Client
	alarm  ocp.Alarm
	every  time.Duration // 0: once
}

// given are the settings as they stand on the command line.
type given struct {
	url, user, accessKey string
	alarmType, target    string
	name, description    string
	labels               labelList
	language             string
	every, timeout       time.Duration
	allowHTTP            bool
}

// A labelList collects name=value.
type labelList map[string]string

// String is called by package flag for -help.
func (l labelList) String() string { return "" }

// Set takes one label.
func (l labelList) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("want name=value")
	}
	if _, twice := l[name]; twice {
		return errors.New("given twice")
	}
	l[name] = value
	return nil
}

// configure reads flags and environment. A flag beats a variable, and a
// variable the file that its …_FILE twin names. Secrets are read from the
// environment alone: everybody on the machine can see a command line.
func configure(args []string, getenv func(string) string, help io.Writer) (*settings, error) {
	g := given{labels: labelList{}}
	flags := g.flags()
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(help, flags)
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%d argument(s) too many: everything is set by flags, see -help", flags.NArg())
	}
	if g.every != 0 && g.every < time.Second {
		return nil, errors.New("-every: want at least 1s")
	}
	env := environment{getenv: getenv}
	credentials, err := g.credentials(&env)
	if err != nil {
		return nil, err
	}
	s := &settings{alarm: g.alarm(), every: g.every}
	address := env.value(g.url, "URL")
	if env.err != nil {
		return nil, env.err
	}
	if s.client, err = ocp.NewClient(address, credentials, &ocp.Options{
		AllowHTTP: g.allowHTTP, Language: g.language, Timeout: g.timeout,
	}); err != nil {
		return nil, err
	}
	return s, s.alarm.Validate()
}

// flags returns the flags, which fill g.
func (g *given) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("ocp-push", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&g.url, "url", "", "`address` of OCP, such as https://ocp.example.com:8443; TOCSIN_OCP_URL")
	flags.StringVar(&g.user, "user", "", "`name` of the user, whose password is in TOCSIN_OCP_PASSWORD; TOCSIN_OCP_USER")
	flags.StringVar(&g.accessKey, "access-key", "", "access `key`, whose secret key is in TOCSIN_OCP_SECRET_KEY; TOCSIN_OCP_ACCESS_KEY")
	flags.StringVar(&g.alarmType, "type", "", "`name` of the alarm rule")
	flags.StringVar(&g.target, "target", "", "`object` of the alarm, such as host=db-1")
	flags.StringVar(&g.name, "name", "", "`text` for the label alert_name")
	flags.StringVar(&g.description, "description", "", "`text` for the label alert_summary")
	flags.Var(g.labels, "label", "`name=value` of a variable of the rule's templates; may be repeated")
	flags.DurationVar(&g.every, "every", 0, "push again each `interval` until interrupted, more often than the rule's elimination period of 5m")
	flags.DurationVar(&g.timeout, "timeout", 0, "longest `time` of one attempt, 10s by default")
	flags.StringVar(&g.language, "language", "", "`language` of OCP's messages, such as zh-CN")
	flags.BoolVar(&g.allowHTTP, "allow-http", false, "send user and password over http, readable for everybody on the way")
	return flags
}

// alarm returns the alarm to push.
func (g *given) alarm() ocp.Alarm {
	labels := map[string]string{}
	for name, value := range map[string]string{"alert_name": g.name, "alert_summary": g.description} {
		if value != "" {
			labels[name] = value
		}
	}
	maps.Copy(labels, g.labels)
	return ocp.Alarm{Type: g.alarmType, Target: g.target, Labels: labels}
}

// credentials returns those of the user or of the access key.
func (g *given) credentials(env *environment) (ocp.Credentials, error) {
	user, key := env.value(g.user, "USER"), env.value(g.accessKey, "ACCESS_KEY")
	password, secret := env.value("", "PASSWORD"), env.value("", "SECRET_KEY")
	switch {
	case env.err != nil:
		return ocp.Credentials{}, env.err
	case user != "" && key != "":
		return ocp.Credentials{}, errors.New("-user and -access-key exclude each other")
	case user != "" && password == "":
		return ocp.Credentials{}, errors.New("-user: the password is missing: put it into TOCSIN_OCP_PASSWORD, or a file with it into TOCSIN_OCP_PASSWORD_FILE")
	case user != "":
		return ocp.Basic(user, password), nil
	case key != "" && secret == "":
		return ocp.Credentials{}, errors.New("-access-key: the secret key is missing: put it into TOCSIN_OCP_SECRET_KEY, or a file with it into TOCSIN_OCP_SECRET_KEY_FILE")
	case key != "":
		return ocp.AccessKey(key, secret), nil
	}
	return ocp.Credentials{}, errors.New("there is neither -user nor -access-key")
}

// An environment looks settings up and keeps the first error.
type environment struct {
	getenv func(string) string
	err    error
}

// value returns a setting: that of the flag, or of the variable, or of the file
// that its twin names.
func (e *environment) value(flagged, name string) string {
	if flagged != "" {
		return flagged
	}
	if v := e.getenv(envPrefix + name); v != "" {
		return v
	}
	path := e.getenv(envPrefix + name + "_FILE")
	if path == "" {
		return ""
	}
	v, err := readValue(path)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("%s%s_FILE: %w", envPrefix, name, err)
	}
	return v
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
	if len(b) > maxValueFile || v == "" {
		return "", fmt.Errorf("the file is empty or longer than %d bytes", maxValueFile)
	}
	return v, nil
}

// withoutPath returns the cause of an error of package os.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// usage prints what the program is for, and its flags.
func usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "Ocp-push tells OCP of an alarm. Create its rule first, with an empty expression;\n"+
		"title, level and description come from the rule. OCP ends an alarm that is not\n"+
		"pushed again.\n\n"+
		"Secrets come from TOCSIN_OCP_PASSWORD or TOCSIN_OCP_SECRET_KEY, or from the files\n"+
		"that TOCSIN_OCP_PASSWORD_FILE or TOCSIN_OCP_SECRET_KEY_FILE name.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}
