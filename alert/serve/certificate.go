package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files of a certificate are looked at, if anybody
// connects.
const lookEvery = time.Second

// A certificate is a pair of files that are read again when they change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]version // of the files, whether they could be read or not
	looked time.Time
}

// A version tells whether a file has changed.
type version struct {
	at   time.Time
	size int64
}

// newCertificate reads the pair for the first time.
func newCertificate(o *Options) (*certificate, error) {
	c := &certificate{certFile: o.CertFile, keyFile: o.KeyFile, log: o.Logger}
	c.seen, c.looked = c.versions(), time.Now()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c.pair = &pair
	return c, nil
}

// listen speaks TLS on what a listener accepts. HTTP/2, in which one connection
// has many requests, is not offered.
func (c *certificate) listen(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	})
}

// current returns the pair that stands in the files, or if it cannot be read the one
// before. Who renews the two files one after the other leaves a moment in which they
// do not fit.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.pair
	}
	c.looked = time.Now()
	now := c.versions()
	if now == c.seen {
		return c.pair
	}
	c.seen = now
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Warn("the certificate has changed and cannot be read: the one before is served", "error", err)
		return c.pair
	}
	c.pair = &pair
	c.log.Info("the certificate was read again", "until", pair.Leaf.NotAfter)
	return c.pair
}

// versions looks at both files.
func (c *certificate) versions() (v [2]version) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			v[i] = version{info.ModTime(), info.Size()}
		}
	}
	return v
}
