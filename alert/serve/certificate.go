package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// readEvery is how often the files of a certificate are read again, if anybody
// connects.
const readEvery = time.Second

// A certificate is a pair of files that may be replaced at any time.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu   sync.Mutex
	pair *tls.Certificate
	read time.Time
}

// newCertificate reads the pair for the first time.
func newCertificate(o *Options, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: o.CertFile, keyFile: o.KeyFile, log: log, read: time.Now()}
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
// before: who renews the two files one after the other leaves a moment in which they
// do not fit.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.read) < readEvery {
		return c.pair
	}
	c.read = time.Now()
	if pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
		c.pair = &pair
	} else {
		c.log.Warn("the certificate has changed and cannot be read: the one before is served", "error", err)
	}
	return c.pair
}
