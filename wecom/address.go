package wecom

import (
	"net/url"
	"strings"

	"github.com/tocsin-go/tocsin/internal/webhook"
)

// sendPath is where the vendor takes messages.
const sendPath = "/cgi-bin/webhook/send"

// parseAddress takes a bare key or a whole webhook URL and returns where to
// post, without the key, and the key.
func parseAddress(keyOrURL, base string) (endpoint *url.URL, key string, err error) {
	return webhook.Form{
		Credential: "key",
		Parameter:  "key",
		Base:       "https://qyapi.weixin.qq.com",
		Path:       sendPath,
		Domains:    []string{"qyapi.weixin.qq.com"},
		Refuse: func(u *url.URL, _ url.Values) string {
			if strings.HasSuffix(u.Path, "/upload_media") {
				return "this is the upload address, want the one that ends in " + sendPath
			}
			return ""
		},
	}.Parse(keyOrURL, base)
}

// uploadEndpoint returns where the webhook at endpoint takes uploads, or "" if
// its path is none of the vendor's.
func uploadEndpoint(endpoint *url.URL) string {
	prefix, found := strings.CutSuffix(endpoint.String(), "/send")
	if !found {
		return ""
	}
	return prefix + "/upload_media"
}
