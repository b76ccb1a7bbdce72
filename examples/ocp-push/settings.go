package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/ocp"
)

// settings are what a run needs.
type settings struct {
	client *ocp.Client
	alarm  ocp.Alarm
	every  time.Duration // 0: once

	url, user, accessKey string
	caFile               string
	name, description    string // of the alarm, as labels
	options              ocp.Options
}

// configure reads flags and environment. A flag beats a variable, and a
// variable the file that its …_FILE twin names. Secrets are read from the
// environment alone: everybody on the machine can see a command line.
func configure(args []string, getenv func(string) string, help io.Writer) (*settings, error) {
	s := &settings{alarm: ocp.Alarm{Labels: map[string]string{}}}
	flags := s.flags()
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(help, flags)
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%d argument(s) too many: everything is set by flags, see -help", flags.NArg())
	}
	if s.every != 0 && s.every < time.Second {
		return nil, errors.New("-every: want at least 1s")
	}
	for label, text := range map[string]string{"alert_name": s.name, "alert_summary": s.description} {
		if _, given := s.alarm.Labels[label]; text != "" && !given {
			s.alarm.Labels[label] = text
		}
	}
	credentials, err := s.credentials(getenv)
	if err == nil {
		err = s.trust(cmp.Or(s.caFile, getenv("TOCSIN_OCP_CA_FILE")))
	}
	if err != nil {
		return nil, err
	}
	if s.client, err = ocp.NewClient(s.url, credentials, &s.options); err != nil {
		return nil, err
	}
	return s, s.alarm.Validate()
}

// flags returns the flags, which fill s.
func (s *settings) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("ocp-push", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.url, "url", "", "`address` of OCP, such as https://ocp.example.com:8443; TOCSIN_OCP_URL")
	flags.StringVar(&s.user, "user", "", "`name` of the user, whose password is in TOCSIN_OCP_PASSWORD; TOCSIN_OCP_USER")
	flags.StringVar(&s.caFile, "ca-file", "", "`file` with the certificates, in PEM, of the private authority that vouches for OCP; TOCSIN_OCP_CA_FILE")
	flags.StringVar(&s.accessKey, "access-key", "", "access `key`, whose secret key is in TOCSIN_OCP_SECRET_KEY; TOCSIN_OCP_ACCESS_KEY")
	flags.StringVar(&s.alarm.Type, "type", "", "`name` of the alarm rule")
	flags.StringVar(&s.alarm.Target, "target", "", "`object` of the alarm, such as host=db-1")
	flags.StringVar(&s.name, "name", "", "`text` for the label alert_name")
	flags.StringVar(&s.description, "description", "", "`text` for the label alert_summary")
	flags.Func("label", "`name=value` of a variable of the rule's templates; may be repeated", s.label)
	flags.DurationVar(&s.every, "every", 0, "push again each `interval` until interrupted, more often than the rule's elimination period of 5m")
	flags.DurationVar(&s.options.Timeout, "timeout", 0, "longest `time` of one attempt, 10s by default")
	flags.StringVar(&s.options.Language, "language", "", "`language` of OCP's messages, such as zh-CN")
	flags.BoolVar(&s.options.AllowHTTP, "allow-http", false, "send user and password over http, readable for everybody on the way")
	return flags
}

// label takes one -label.
func (s *settings) label(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("want name=value")
	}
	if _, twice := s.alarm.Labels[name]; twice {
		return errors.New("given twice")
	}
	s.alarm.Labels[name] = value
	return nil
}

// credentials fills what no flag has set from the environment, and returns the
// credentials of the user or of the access key.
func (s *settings) credentials(getenv func(string) string) (none ocp.Credentials, err error) {
	var password, secret string
	for _, v := range []struct {
		name string
		to   *string
	}{{"USER", &s.user}, {"ACCESS_KEY", &s.accessKey}, {"PASSWORD", &password}, {"SECRET_KEY", &secret}, {"URL", &s.url}} {
		if *v.to != "" {
			continue
		}
		if *v.to, _, err = cli.Lookup(getenv, "TOCSIN_OCP_"+v.name); err != nil {
			return none, err
		}
	}
	switch {
	case s.user != "" && s.accessKey != "":
		return none, errors.New("-user and -access-key exclude each other")
	case s.user != "" && password == "":
		return none, errors.New("-user: the password is missing: put it into TOCSIN_OCP_PASSWORD, or a file with it into TOCSIN_OCP_PASSWORD_FILE")
	case s.user != "":
		return ocp.Basic(s.user, password), nil
	case s.accessKey != "" && secret == "":
		return none, errors.New("-access-key: the secret key is missing: put it into TOCSIN_OCP_SECRET_KEY, or a file with it into TOCSIN_OCP_SECRET_KEY_FILE")
	case s.accessKey != "":
		return ocp.AccessKey(s.accessKey, secret), nil
	}
	return none, errors.New("there is neither -user nor -access-key")
}

// trust adds the authorities of a file to those of the system.
func (s *settings) trust(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("-ca-file: %w", cli.WithoutPath(err))
	}
	if s.options.RootCAs, err = x509.SystemCertPool(); err != nil {
		s.options.RootCAs = x509.NewCertPool()
	}
	if !s.options.RootCAs.AppendCertsFromPEM(text) {
		return errors.New("-ca-file: the file holds no certificate in PEM")
	}
	return nil
}

// usage prints what the program is for, and its flags.
func usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, "Ocp-push tells OCP of an alarm. Create its rule first, with an empty expression;\n"+
		"title, level and description come from the rule. OCP ends an alarm that is not\npushed again.\n\n"+
		"Secrets come from TOCSIN_OCP_PASSWORD or TOCSIN_OCP_SECRET_KEY, or from the files\nthat TOCSIN_OCP_PASSWORD_FILE or TOCSIN_OCP_SECRET_KEY_FILE name.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}
