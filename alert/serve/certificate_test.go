package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/serve"
)

// writePair writes a certificate with a serial number and its key.
func writePair(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
	}
}

// A renewed certificate is served without a restart, while callers come, and one
// that is spoilt is not.
func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := serve.Options{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writePair(t, opts.CertFile, opts.KeyFile, 1)
	r := start(t, ok, opts)
	serial := func() (int64, error) {
		client := &http.Client{Timeout: patience, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // its own
		}}
		resp, err := client.Get("https://" + r.addr + "/")
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	want := func(n int64) {
		t.Helper()
		require.Eventually(t, func() bool { got, err := serial(); return err == nil && got == n }, patience, 10*time.Millisecond)
	}
	want(1)

	done, failed := make(chan struct{}), make(chan error, 2)
	var load sync.WaitGroup
	for range 2 {
		load.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := serial(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	writePair(t, opts.CertFile, opts.KeyFile, 2)
	want(2)
	require.NoError(t, os.WriteFile(opts.CertFile, []byte("spoilt"), 0o600))
	require.Eventually(t, func() bool { _, _ = serial(); return strings.Contains(r.log.String(), "cannot be read") }, patience, 10*time.Millisecond)
	want(2)
	writePair(t, opts.CertFile, opts.KeyFile, 3)
	want(3)
	close(done)
	load.Wait()
	require.Empty(t, failed)
	require.NotContains(t, r.log.String(), "nothing is encrypted")
}
