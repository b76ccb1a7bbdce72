package dingtalk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// sign returns the two parameters that sign a request made at the time at: the
// time in Unix milliseconds and, in base64, the HMAC-SHA256 of that time and
// the secret under the secret. Both still have to be escaped for the query,
// once. The vendor takes them for an hour.
//
// Vendor page: https://help.dingtalk.io/open/dingstart/customize-robot-security-settings.
func sign(secret string, at time.Time) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	return timestamp, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedURL returns the URL of one attempt, and the signature in it. A token
// has nothing to escape.
func signedURL(endpoint, token, secret string, at time.Time) (raw, signature string) {
	timestamp, signature := sign(secret, at)
	return endpoint + "?" + tokenName + "=" + token +
		"&sign=" + url.QueryEscape(signature) + "&timestamp=" + timestamp, signature
}
