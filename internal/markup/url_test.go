package markup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/markup"
)

func TestURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want, special string }{
		{"plain", "https://ops.example.com/a/1001?x=1&y=2#z", "https://ops.example.com/a/1001?x=1&y=2#z", ""},
		{"blanks around", " http://ops.example.com ", "http://ops.example.com", ""},
		{"upper case", "HTTPS://Ops.Example.com/A", "https://Ops.Example.com/A", ""},
		{"port and IPv6", "http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x", ""},
		{"markup", "https://a.example/(x)[y]<z>*\\`|\"", "https://a.example/%28x%29%5By%5D%3Cz%3E%2A%5C%60%7C%22", ""},
		{"escaped already", "https://a.example/%E5%91%8A", "https://a.example/%E5%91%8A", ""},
		{"other letters", "https://a.example/告 警", "https://a.example/%E5%91%8A%20%E8%AD%A6", ""},
		{"special", "https://a.example/@138?_=~", "https://a.example/%40138?_=%7E", "@~"},
		{"script", "javascript:alert(1)", "", ""},
		{"no scheme", "a.example/x", "", ""},
		{"no host", "https:///x", "", ""},
		{"user", "https://aliyun.com@evil.example/", "", ""},
		{"letters in the host", "https://例え.example/", "", ""},
		{"markup in the host", "https://a)b.example/", "", ""},
		{"bracket in the host", "https://a.examps[//a.ple/", "", ""},
		{"brackets around a name", "https://[a.example]/", "", ""},
		{"brackets not closed", "https://[2001:db8::1/", "", ""},
		{"text behind the brackets", "https://[2001:db8::1](x)/", "", ""},
		{"port that is none", "https://[::1]x/", "", ""},
		{"zone", "https://[fe80::1%25eth0]/", "", ""},
		{"control", "https://a.example/\x00\n", "https://a.example/%00", ""},
		{"not UTF-8", "https://a.example/\xff", "https://a.example/%FF", ""},
		{"control in the host", "https://a\x00.example/", "", ""},
		{"backslash before the host", "https://a.example\\@evil.example/", "", ""},
		{"port alone", "https://:80/", "", ""},
		{"limit", "https://a.example/" + strings.Repeat("x", 1006), "https://a.example/" + strings.Repeat("x", 1006), ""},
		{"over limit", "https://a.example/" + strings.Repeat("x", 1007), "", ""},
		{"over limit when escaped", "https://a.example/" + strings.Repeat("(", 400), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, markup.URL(tt.url, tt.special, 1024))
		})
	}
}
