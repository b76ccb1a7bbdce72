package relaying

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certificate writes a certificate for 127.0.0.1 and its key as PEM files, and
// returns the roots that trust it.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	write := func(name, kind string, der []byte) string {
		name = filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return name
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER), roots
}

func TestServesHTTPS(t *testing.T) {
	t.Parallel()
	cert, key, roots := certificate(t)
	p := launch(t, "-callback-secret", testSecret, "-tls-cert", cert, "-tls-key", key)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	t.Cleanup(client.CloseIdleConnections)
	for range 2 { // on one connection
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.addr+"/healthz", nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, 200, resp.StatusCode)
	}
	client.CloseIdleConnections()
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.errout.String(), "refused", "a connection that ends was not refused")
}

// TOCSIN_TLS_KEY_FILE may name the key itself, which is what everybody takes
// it for, or a file with the name of the key.
func TestKeyFromFileVariable(t *testing.T) {
	t.Parallel()
	cert, key, _ := certificate(t)
	for _, named := range []string{key, fileWith(t, key+"\n")} {
		c, err := settingsOf("", map[string]string{"TOCSIN_TLS_CERT": cert, "TOCSIN_TLS_KEY_FILE": named})
		require.NoError(t, err)
		require.NotNil(t, c.cert)
	}
	_, err := settingsOf("", map[string]string{"TOCSIN_TLS_CERT": key, "TOCSIN_TLS_KEY": cert})
	require.ErrorContains(t, err, "TOCSIN_TLS_CERT: ")
	require.NotContains(t, err.Error(), "\n")
}
