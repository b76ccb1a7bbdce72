package main

import (
	"io"
	"math"
	"net"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/callcommand"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
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

const about = "Bk-voice-gateway takes what BlueKing's component send_voice_msg posts to dest_url\n" +
	"and starts a command for each person to call.\n\n" +
	"Each flag can be set in the environment: -path-token as TOCSIN_PATH_TOKEN, or as\n" +
	"TOCSIN_PATH_TOKEN_FILE with the name of a file that holds the value.\n\n"

// configure reads and judges everything, so that a mistake ends the program
// before it listens. It returns flag.ErrHelp after -help was answered. Its
// errors quote no value: it may be the token.
func configure(args []string, getenv func(string) string, help io.Writer) (*config, error) {
	f := cli.Form{Program: "bk-voice-gateway", About: about}
	listen := f.Text("listen", "`host:port` to listen on (default 127.0.0.1:8080)")
	token := f.Text("path-token", "BlueKing posts to /voice/`token`; required: at least 16 letters, digits and -._~")
	command := f.Text("command", "`file` to start for each callee, with TOCSIN_CALLEE and TOCSIN_TEXT in its environment; required")
	timeout := f.Text("timeout", "how `long` one command may run (default 1m)")
	parallel := f.Text("parallel", "`number` of commands at a time for one request (default 4)")
	mode := f.Text("mode", "`parallel` calls everybody, serial stops when the command ends with status 10, answered (default parallel)")
	form := f.Text("form", "`national` numbers for the command, digits alone, or international ones with a plus (default national)")
	locale := f.Text("locale", "`language` of the words that make a text readable: zh, en or ja (default zh)")
	if err := f.Read(args, getenv, help); err != nil {
		return nil, err
	}
	c := &config{listen: listen.Text("127.0.0.1:8080"), token: token.Text(""), command: command.Text("")}
	if _, _, err := net.SplitHostPort(c.listen); err != nil {
		return nil, listen.Refuse("not of the form host:port")
	}
	if c.token == "" {
		return nil, token.Refuse("required; TOCSIN_PATH_TOKEN_FILE names a file that holds it")
	}
	var err error
	if c.command, err = callcommand.Find(c.command); err != nil {
		return nil, command.Refuse("%w", err)
	}
	if c.timeout, err = timeout.Duration(time.Minute); err != nil {
		return nil, timeout.Refuse("not a time such as 30s")
	}
	if c.parallel, err = parallel.Number(4, 1, math.MaxInt); err != nil {
		return nil, parallel.Refuse("not a number from 1 on")
	}
	if c.serial, err = mode.Choice("parallel", "serial"); err != nil {
		return nil, err
	}
	international, err := form.Choice("national", "international")
	if err != nil {
		return nil, err
	}
	if international {
		c.form = voice.International
	}
	if c.locale, err = alert.ParseLocale(locale.Text("zh")); err != nil {
		return nil, locale.Refuse("not zh, en or ja")
	}
	return c, nil
}
