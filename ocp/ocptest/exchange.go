package ocptest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	if !strings.HasPrefix(r.URL.Path, root+"/") {
		// Outside of the API there is the console with its login page.
		return standin.Answer{Status: http.StatusFound, Header: http.Header{"Location": {"/login"}}}
	}
	var data any
	refused := s.admit(r, body)
	if refused == nil {
		data, refused = s.serve(r, body)
	}
	if refused != nil {
		return standin.Answer{Status: refused.status, Body: refused.body(s.now())}
	}
	return standin.Answer{Body: encode(map[string]any{
		"data": data, "duration": 4, "server": "192.0.2.1", "status": http.StatusOK, "successful": true,
		"timestamp": s.now().Format(wireTime), "traceId": "0000000000000001",
	})}
}

func (s *Server) serve(r *http.Request, body []byte) (data any, refused *refusal) {
	path := strings.TrimPrefix(r.URL.Path, root+"/")
	id, single := strings.CutPrefix(path, "alarms/")
	switch {
	case r.Method == http.MethodPost && path == "alarms":
		return nil, s.push(r, body)
	case r.Method != http.MethodGet:
		return nil, &refusal{http.StatusMethodNotAllowed, "", "Request method '" + r.Method + "' not supported"}
	case path == "alarms":
		return s.list(r.URL.Query())
	case single:
		return s.get(id)
	}
	return nil, &refusal{http.StatusNotFound, "", "not found"}
}

type refusal struct {
	status  int
	code    string // digits stand as a number; empty: the number 0
	message string
}

func (r *refusal) body(now time.Time) string {
	var code any = r.code
	if number, err := strconv.Atoi(r.code); err == nil || r.code == "" {
		code = number
	}
	return encode(map[string]any{
		"duration": 0, "error": map[string]any{"code": code, "message": r.message}, "server": "192.0.2.1",
		"status": r.status, "successful": false, "timestamp": now.Format(wireTime), "traceId": "",
	})
}

// wireTime is how the envelope writes times.
const wireTime = "2006-01-02T15:04:05.000Z07:00"

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("ocptest: " + err.Error()) // maps of texts and numbers always encode
	}
	return string(text)
}

// maxSkew is how old a signed request may be, and how young.
const maxSkew = 15 * time.Minute

func (s *Server) admit(r *http.Request, body []byte) *refusal {
	refused := s.login(r, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.MaxLogins > 0 && s.failed >= s.MaxLogins:
		return &refusal{http.StatusUnauthorized, "10003", "用户已被锁定"}
	case refused == nil:
		s.failed = 0
	default:
		s.failed++
	}
	return refused
}

func (s *Server) login(r *http.Request, body []byte) *refusal {
	scheme, proof, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "Basic":
		want := base64.StdEncoding.EncodeToString([]byte(s.User + ":" + s.Password))
		if hmac.Equal([]byte(proof), []byte(want)) {
			return nil
		}
		return &refusal{http.StatusUnauthorized, "10004", "用户名或密码错误"}
	case "OCP-ACCESS-KEY-HMACSHA1":
		return s.checkSignature(r, body, proof)
	}
	return &refusal{http.StatusUnauthorized, "10000", "用户未登录"}
}

func (s *Server) checkSignature(r *http.Request, body []byte, proof string) *refusal {
	date, err := time.Parse(http.TimeFormat, r.Header.Get("Date"))
	if err != nil || s.now().Sub(date).Abs() > maxSkew {
		return &refusal{http.StatusUnauthorized, "10000", "Date 无效或已过期"}
	}
	key, signature, _ := strings.Cut(proof, ":")
	mac := hmac.New(sha1.New, []byte(s.SecretKey))
	_, _ = mac.Write([]byte(signed(r, body))) // a hash takes everything
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if key != s.AccessKey || !hmac.Equal([]byte(signature), []byte(want)) {
		return &refusal{http.StatusUnauthorized, "10000", "签名不匹配"}
	}
	return nil
}

// signed returns what the vendor signs, made of what arrived and written
// without regard to the client's code, so that the two check each other. The query
// must come as it is signed, and without headers that begin with x-ocp.
func signed(r *http.Request, body []byte) string {
	sum := ""
	if len(body) > 0 {
		sum = fmt.Sprintf("%X", md5.Sum(body))
	}
	path := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return r.Method + "\n" + sum + "\n" + r.Header.Get("Content-Type") + "\n" + r.Header.Get("Date") + "\n" +
		r.Host + "\n\n" + path
}
