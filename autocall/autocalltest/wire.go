package autocalltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// errWire says that there was no answer, or none that is JSON.
var errWire = errors.New("no answer")

// An answer is what the app reads of an answer to its GET.
type answer struct {
	code, mid string
	numbers   []string
}

// get polls.
func (p *Phone) get(ctx context.Context) (answer, error) {
	header := http.Header{"User-Agent": {"okhttp/3.10.0"}}
	if p.opts.Version >= C {
		header["model"] = []string{p.opts.Model}
	}
	body, err := p.exchange(ctx, http.MethodGet, p.url, header)
	if err != nil {
		return answer{}, err
	}
	return parse(body)
}

// parse reads an answer as the app does, which dies of what it does not expect.
func parse(body []byte) (a answer, err error) {
	var object map[string]json.RawMessage
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &object); err != nil {
			return a, fmt.Errorf("%w: %w", errWire, err)
		}
	}
	code, ok := object["code"]
	if !ok {
		return a, fmt.Errorf("%w: no code", ErrDied)
	}
	if a.code = text(code); a.code != "0" {
		return a, nil
	}
	mid, hasMid := object["mid"]
	list, hasList := object["phone"]
	var numbers []json.RawMessage
	if err := json.Unmarshal(list, &numbers); !hasMid || !hasList || err != nil {
		return a, fmt.Errorf("%w: code 0 without mid or phone", ErrDied)
	}
	a.mid = text(mid)
	for _, n := range numbers {
		number := text(n)
		if n[0] != '"' {
			number = "number " + number // equal to no text in the call log
		}
		a.numbers = append(a.numbers, number)
	}
	return a, nil
}

// text returns a string or any other value as text.
func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// post tells who picked up, or that nobody did. The app does not read the
// answer. It builds the URL by appending, and escapes nothing.
func (p *Phone) post(ctx context.Context, resp string) error {
	p.mu.Lock()
	n := len(p.posts) + 1
	p.mu.Unlock()
	post := Post{At: time.Now(), Mid: p.app.mid, Resp: resp, Fate: p.opts.Post(n)}
	if post.Fate == Delivered || post.Fate == AnswerLost {
		query := "?mid=" + p.app.mid
		if resp != "" {
			query = "?resp=" + resp + "&mid=" + p.app.mid
		}
		_, post.Err = p.exchange(ctx, http.MethodPost, p.url+query, http.Header{"User-Agent": {"okhttp/3.10.0"}})
	}
	if post.Fate == Lost || post.Fate == AnswerLost {
		post.Err = errWire
	}
	p.mu.Lock()
	p.posts = append(p.posts, post)
	p.mu.Unlock()
	return post.Err
}

// exchange makes one request. The status does not matter.
func (p *Phone) exchange(ctx context.Context, method, url string, header http.Header) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: the URL cannot be used", errWire)
	}
	r.Header = header
	resp, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %s", errWire, method, "failed")
	}
	defer resp.Body.Close() //nolint:errcheck // nothing depends on it
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%w: it broke off", errWire)
	}
	return body, nil
}

// inProcess carries requests to a handler without a socket.
type inProcess struct{ handler http.Handler }

// RoundTrip serves the request on the goroutine of the caller. A handler that
// aborts has hung up.
func (t inProcess) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	served.RemoteAddr, served.RequestURI = "192.0.2.1:40000", r.URL.RequestURI()
	served.URL.Scheme, served.URL.Host = "", ""
	for key, values := range r.Header { // as a server reads them
		served.Header[http.CanonicalHeaderKey(key)] = values
	}
	if strings.Contains(served.RequestURI, " ") {
		return nil, errWire
	}
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler { //nolint:errorlint // a panic value, which net/http compares in this way too
				panic(v)
			}
			err = io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, served)
	return w.Result(), nil
}
