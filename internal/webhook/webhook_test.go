package webhook_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/webhook"
)

// form is that of a vendor who does not exist.
func form() webhook.Form {
	return webhook.Form{
		Credential: "key", Parameter: "key", Base: "https://robots.vendor.example", Path: "/hook",
		Domains: []string{"vendor.example"},
		Refuse: func(u *url.URL, _ url.Values) string {
			if u.Path == "/upload" {
				return "not this one"
			}
			return ""
		},
	}
}

// The robots' own tests have the tables of what people paste; here is what the
// form decides.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, given, base, endpoint, refused string }{
		{name: "bare", given: "abc", endpoint: "https://robots.vendor.example/hook"},
		{name: "bare elsewhere", given: " abc\n", base: "http://gw.example/x/", endpoint: "http://gw.example/x/hook"},
		{name: "the vendor's URL", given: "https://robots.vendor.example/hook?key=abc", endpoint: "https://robots.vendor.example/hook"},
		{name: "a gateway with a path of its own", given: "http://gw.example/ops?key=abc", endpoint: "http://gw.example/ops"},
		{name: "a host that ends alike", given: "http://notvendor.example/ops?key=abc", endpoint: "http://notvendor.example/ops"},
		{name: "refused by the vendor's rule", given: "https://robots.vendor.example/upload?key=abc", refused: "not this one"},
		{name: "another path of the vendor", given: "https://robots.vendor.example/else?key=abc", refused: "is /hook"},
		{name: "in the open", given: "http://robots.vendor.example/hook?key=abc", refused: "http would show the key"},
		{name: "in the open, with a dot", given: "http://ROBOTS.vendor.example.:80/hook?key=abc", refused: "http would show the key"},
		{name: "in the open, by the domain itself", given: "http://vendor.example/hook?key=abc", refused: "http would show the key"},
		{name: "in the open, as base", given: "abc", base: "http://robots.vendor.example", refused: "BaseURL: the vendor's address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			endpoint, credential, err := form().Parse(tt.given, tt.base)
			if tt.refused != "" {
				require.ErrorContains(t, err, tt.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "abc", credential)
			require.Equal(t, tt.endpoint, endpoint.String())
		})
	}
}

// FuzzParse reads anything: what is taken can be called as it is, without a
// credential left in the endpoint, and what is not is never quoted.
func FuzzParse(f *testing.F) {
	f.Add("abcdefgh", "")
	f.Add("https://robots.vendor.example/hook?key=abcdefgh", "http://gw.example")
	f.Add("http://u:p@[::1]:8080/x?key=%61&key=b#c", "ftp://")
	f.Fuzz(func(t *testing.T, given, base string) {
		endpoint, credential, err := form().Parse(given, base)
		if err != nil {
			if s := strings.TrimSpace(given); len(s) >= 8 && !strings.Contains("a webhook URL has one parameter, key", s) {
				require.NotContains(t, err.Error(), s)
			}
			return
		}
		require.NotEmpty(t, credential)
		require.Equal(t, credential, url.QueryEscape(credential))
		require.Empty(t, endpoint.RawQuery)
		require.Nil(t, endpoint.User)
		require.Contains(t, []string{"http", "https"}, endpoint.Scheme)
		require.NotEmpty(t, endpoint.Hostname())
	})
}
