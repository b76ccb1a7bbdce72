package relaying

import (
	"net"

	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
)

func (c *Config) judgeServer(f *form) error {
	c.listen = "127.0.0.1:8080"
	if f.listen.Given() {
		c.listen = f.listen.Text("")
		if _, _, err := net.SplitHostPort(c.listen); err != nil {
			return f.listen.Refuse("not of the form host:port")
		}
	}
	var err error
	if c.secrets, err = callbacks.Read(f.secret); err != nil {
		return err
	}
	c.access, err = f.access.Read()
	return err
}
