package relaying

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestServesHTTPS(t *testing.T) {
	t.Parallel()
	cert, key, roots := clitest.Certificate(t)
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
	cert, key, _ := clitest.Certificate(t)
	for _, named := range []string{key, fileWith(t, key+"\n")} {
		c, err := settingsOf("", map[string]string{"TOCSIN_TLS_CERT": cert, "TOCSIN_TLS_KEY_FILE": named})
		require.NoError(t, err)
		require.NotNil(t, c.access.Cert)
	}
	_, err := settingsOf("", map[string]string{"TOCSIN_TLS_CERT": key, "TOCSIN_TLS_KEY": cert})
	require.ErrorContains(t, err, "TOCSIN_TLS_CERT: ")
	require.NotContains(t, err.Error(), "\n")
}
