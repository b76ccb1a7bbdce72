package wecom_test

import (
	"io"
	"net/http"
	"strings"
)

// A spy answers every request with ok, or with body, and remembers the last.
type spy struct {
	body                          string
	url, method, contentType, got string
}

func (s *spy) client() *http.Client { return &http.Client{Transport: s} }

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	got, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.url, s.method, s.contentType, s.got = r.URL.String(), r.Method, r.Header.Get("Content-Type"), string(got)
	body := s.body
	if body == "" {
		body = `{"errcode":0,"errmsg":"ok"}`
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}
