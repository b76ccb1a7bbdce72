package callserver

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/markup"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle []byte

const (
	pageCalls   = 50 // of the list
	refreshTime = 10 // seconds
	maxForm     = 8 << 10
)

// A page is what the template gets.
type page struct {
	Title     string
	Refresh   int    // seconds; 0: not by itself
	FormToken string // of the session
	Wrong     string // what was wrong with the login
	Now       time.Time
	Calls     []callView
	Phones    []phoneView
	Call      *callView
	Failed    string
}

// newTemplate reads the page. It is part of the program, so it is right.
func newTemplate() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"ago":        ago,
		"open":       autocall.State.Open,
		"with_token": func(c any, token string) map[string]any { return map[string]any{"Call": c, "Token": token} },
		"iso":        func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"at":         func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
		"short":      func(t time.Time) string { return t.Format("01-02 15:04:05") },
	}).Parse(pageText))
}

// ago returns how long ago something was, in words.
func ago(now, then time.Time) string {
	d := now.Sub(then).Truncate(time.Second)
	switch {
	case then.IsZero():
		return "never"
	case d < time.Second:
		return "just now"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s ago"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min ago"
	}
	return then.Format("2006-01-02 15:04")
}

// addPage adds what people reach.
func (s *service) addPage(mux *http.ServeMux) {
	p := &pages{service: s, template: newTemplate()}
	others := http.NewCrossOriginProtection()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /admin": p.board, "GET /admin/calls/{id}": p.call, "GET /admin/style.css": style,
		"POST /admin/login": p.login, "POST /admin/logout": p.form(p.logout), "POST /admin/calls/{id}/cancel": p.form(p.cancel),
	} {
		mux.Handle(pattern, others.Handler(secured(handler)))
	}
	mux.Handle("GET /admin/{$}", http.RedirectHandler("/admin", http.StatusSeeOther))
}

// secured tells the browser to load nothing from elsewhere, to run nothing and
// to keep nothing.
func secured(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		ctx, cancel := context.WithTimeout(r.Context(), adminTime)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next(w, r.WithContext(ctx))
	})
}

// style answers the style sheet.
func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(pageStyle)
}

// pages are the handlers of the page.
type pages struct {
	*service

	template *template.Template
}

// show renders a page.
func (p *pages) show(w http.ResponseWriter, status int, content *page) {
	var text bytes.Buffer
	content.Now = time.Now()
	if err := p.template.Execute(&text, content); err != nil {
		p.log.Error("the page cannot be rendered", "error", err)
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, markup.Visible(text.String()))
}

// board shows the phones and the newest calls, or the login.
func (p *pages) board(w http.ResponseWriter, r *http.Request) {
	session := p.sessions.of(r)
	if session.form == "" {
		p.show(w, http.StatusOK, &page{Title: "Sign in"})
		return
	}
	content := &page{Title: "Calls and phones", FormToken: session.form}
	if r.URL.Query().Get("refresh") != "off" {
		content.Refresh = refreshTime
	}
	status := http.StatusOK
	all, err := p.queue.List(r.Context(), false, pageCalls)
	if err == nil {
		for i := range all {
			content.Calls = append(content.Calls, viewCall(&all[i], false))
		}
		content.Phones, err = p.phoneViews(r.Context())
	}
	if err != nil {
		p.log.WarnContext(r.Context(), "the queue is not available", "error", err)
		status, content.Failed = http.StatusServiceUnavailable, "The queue is not available. The page will try again."
	}
	p.show(w, status, content)
}

// call shows one call with its audit trail.
func (p *pages) call(w http.ResponseWriter, r *http.Request) {
	session := p.sessions.of(r)
	if session.form == "" {
		http.Redirect(w, r, "/admin", http.StatusSeeOther)
		return
	}
	status, err := p.queue.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		p.show(w, http.StatusNotFound, &page{
			Title: "Call", FormToken: session.form, Failed: "There is no such call, or the queue is not available.",
		})
		return
	}
	view := viewCall(&status, false)
	p.show(w, http.StatusOK, &page{Title: "Call", FormToken: session.form, Call: &view})
}
