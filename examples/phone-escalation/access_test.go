package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// Callbacks come by TLS and through a proxy, from the ranges that may call and from
// nowhere else. Nothing that is printed holds a secret of the settings.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	cert, key, roots := clitest.Certificate(t)
	s := newScene(t, "-tls-cert", cert, "-tls-key", key, "-allow-cidr", "192.0.2.0/24", "-trusted-proxy", "127.0.0.1", "-page-token", pageToken,
		"-call", "Li=13800000001")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	t.Cleanup(client.CloseIdleConnections)
	form, err := os.ReadFile("testdata/threshold.form")
	require.NoError(t, err)
	for _, path := range []string{"/aliyun/", "/ocp/"} {
		for from, want := range map[string]bool{"192.0.2.7": true, "198.51.100.7": false, "": false, "192.0.2.7, 198.51.100.7": false} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path+secret, strings.NewReader(string(form)))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if from != "" {
				r.Header.Set("X-Forwarded-For", from)
			}
			answer, err := client.Do(r)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, answer.Body)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, want, answer.StatusCode != http.StatusForbidden, "%s from %q: %s", path, from, answer.Status)
		}
	}
	require.Zero(t, s.Stop(t, os.Interrupt))
	for _, never := range []string{secret, phoneToken, pageToken, s.space.Token, "13800000001", strings.TrimPrefix(s.env[3], "TOCSIN_WECOM_URL=")} {
		require.NotContains(t, s.Printed(), never)
	}
}
