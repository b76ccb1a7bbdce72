package dingtalktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// answer works off a request that was read whole and does not fail.
func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	if r.URL.Path != sendPath {
		return standin.Answer{Status: http.StatusNotFound, Body: "404 page not found\n"}
	}
	m, refused := s.check(r, body)
	if refused.code == 0 {
		refused = s.post(m)
	}
	return standin.Answer{Body: refused.answer()}
}

// check judges a request by everything but the number of messages.
func (s *Server) check(r *http.Request, body []byte) (Message, refusal) {
	query := r.URL.Query()
	switch {
	case r.Method != http.MethodPost:
		return Message{}, refuse(43002)
	case !isJSON(r.Header.Get("Content-Type")):
		return Message{}, refuse(43004)
	case query.Get("access_token") == "":
		return Message{}, refusal{40035, "缺少参数 access_token"}
	case query.Get("access_token") != s.Token:
		return Message{}, refuse(300005)
	case len(body) > maxBody:
		return Message{}, refuse(460101)
	}
	var envelope object
	if !utf8.Valid(body) || json.Unmarshal(body, &envelope) != nil || envelope == nil {
		return Message{}, refuse(40035)
	}
	if refused := s.admit(r, query); refused.code != 0 {
		return Message{}, refused
	}
	m, refused := s.parse(envelope)
	if refused.code == 0 && !m.holdsOne(s.Keywords) {
		refused = refuseKeywords()
	}
	m.Body = body
	return m, refused
}

// isJSON reports whether a Content-Type is one of JSON in UTF-8.
func isJSON(header string) bool {
	media, params, err := mime.ParseMediaType(header)
	return err == nil && media == "application/json" &&
		(params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

// admit checks the source address and the signature.
func (s *Server) admit(r *http.Request, query url.Values) refusal {
	from := source(r)
	listed := func(p netip.Prefix) bool { return p.Contains(from) }
	if len(s.Networks) > 0 && !slices.ContainsFunc(s.Networks, listed) {
		return refuseAddress(from.String())
	}
	if s.Secret == "" {
		return refusal{}
	}
	stamp := query.Get("timestamp")
	if !s.isCurrent(stamp) {
		return refuseTimestamp()
	}
	// The query was decoded once. A signature that was encoded twice, or put
	// in raw so that its + became a blank, differs.
	if !hmac.Equal([]byte(query.Get("sign")), []byte(sign(stamp, s.Secret))) {
		return refuse(310000)
	}
	return refusal{}
}

// source returns the address that a request came from.
func source(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil { // there was no socket
		return netip.AddrFrom4([4]byte{192, 0, 2, 10})
	}
	return peer.Addr().Unmap()
}

// isCurrent reports whether a timestamp in milliseconds is at most an hour
// away from the server's clock.
func (s *Server) isCurrent(stamp string) bool {
	ms, err := strconv.ParseInt(stamp, 10, 64)
	return err == nil && s.now().Sub(time.UnixMilli(ms)).Abs() <= time.Hour
}

// sign returns the signature that belongs to a timestamp.
func sign(stamp, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%s\n%s", stamp, secret) // a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
