package wecomtest

import (
	"net/http"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// answer works off a request that was read whole and does not fail.
func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	switch {
	case r.URL.Path != sendPath && r.URL.Path != uploadPath:
		return standin.Answer{Status: http.StatusNotFound, Body: "404 page not found\n"}
	case r.Method != http.MethodPost:
		return standin.Answer{Status: http.StatusMethodNotAllowed, Body: "405 method not allowed\n"}
	}
	if r.URL.Path == uploadPath {
		return standin.Answer{Body: s.acceptUpload(r, body)}
	}
	return standin.Answer{Body: s.accept(r.URL.Query().Get("key"), body)}
}
