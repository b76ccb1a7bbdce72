package escalate

import (
	_ "embed"
	"errors"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

const (
	maxForm  = 4 << 10 // bytes of the form
	maxShown = 100     // incidents on a page

	readsAtOnce = 4 // requests that use the store; strangers can ask for the page too
	longestWait = 5 * time.Second
)

//go:embed page.html
var pageTemplate string

// pageView is what the page shows.
type pageView struct {
	Lang      string
	Words     map[string]string
	Incidents []pageIncident
	Rest      string // how many more there are
	Waiting   int    // for somebody
	Error     string
}

// pageIncident is an Incident as the page shows it.
type pageIncident struct {
	Title, Severity, Since, State, URL string
	Class                              string
	Number                             int64
	Waits                              bool
	Fields                             [][2]string
}

// Handler returns the page on which people take problems: with the last element of
// the path as the token of a Step.Link, whatever stands before it.
//
//	mux.Handle("/take/", escalation.Handler())
//	Link: func(token string) string { return "https://ops.example.com/take/" + token }
//
// To look at it changes nothing, since chat programs open links by themselves;
// its button does; of several problems one marks which one takes. The token is all
// that it asks for: it has 130 random bits, leads to the problems of one message only,
// and whoever is in the group has it.
// Serve it over TLS.
func (e *Escalation) Handler() http.Handler {
	page := template.Must(template.New("take").Parse(pageTemplate))
	reads := make(chan struct{}, readsAtOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer") // or a link would tell the token
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Robots-Tag", "noindex")
		status, view := e.servePage(w, r, reads)
		w.WriteHeader(status)
		if r.Method == http.MethodHead {
			return
		}
		var text strings.Builder
		err := page.Execute(&text, view)
		if err == nil {
			_, err = io.WriteString(w, markup.Visible(text.String()))
		}
		if err != nil {
			e.log(r.Context(), slog.LevelDebug, "acknowledge page not written", slog.Any("error", err))
		}
	})
}

// servePage does what a request asks for. The body is read before the store is used: who
// sends slowly keeps nobody waiting.
func (e *Escalation) servePage(w http.ResponseWriter, r *http.Request, reads chan struct{}) (int, pageView) {
	words := wordsOf(e.opts.Locale)
	token := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	name := ""
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		name = strings.TrimSpace(r.PostFormValue("name"))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		return http.StatusMethodNotAllowed, e.view(words, nil, words.failed)
	}
	if isToken(token) {
		select {
		case reads <- struct{}{}:
			defer func() { <-reads }()
		case <-time.After(longestWait):
			w.Header().Set("Retry-After", "5")
			return http.StatusServiceUnavailable, e.view(words, nil, words.failed)
		}
	}
	fault := ""
	list, err := e.IncidentsByToken(r.Context(), token)
	if err == nil && r.Method == http.MethodPost {
		switch numbers := chosen(r, list); {
		case name == "":
			fault = words.nobody
		case len(numbers) > 0:
			list, err = e.Acknowledge(r.Context(), token, name, numbers...)
		case slices.ContainsFunc(list, Incident.waits):
			fault = words.choose
		}
	}
	switch {
	case errors.Is(err, ErrUnknownReference):
		return http.StatusNotFound, e.view(words, nil, words.unknown)
	case err != nil:
		e.log(r.Context(), slog.LevelWarn, "acknowledge page failed", slog.Any("error", err))
		return http.StatusServiceUnavailable, e.view(words, nil, words.failed)
	case fault != "":
		return http.StatusBadRequest, e.view(words, list, fault)
	}
	return http.StatusOK, e.view(words, list, "")
}

// chosen returns the incidents that a form names, or the only one that waits. Its button
// "all" means those that were on the page: what came later nobody has seen.
func chosen(r *http.Request, list []Incident) []int64 {
	var waiting []int64
	for i := range list {
		if list[i].waits() {
			waiting = append(waiting, list[i].Number)
		}
	}
	names := r.PostForm["take"]
	if r.PostForm.Has("all") {
		names = r.PostForm["shown"]
	}
	if len(names) == 0 && len(waiting) == 1 {
		return waiting
	}
	return slices.DeleteFunc(waiting, func(n int64) bool { return !slices.Contains(names, strconv.FormatInt(n, 10)) })
}

// only returns the incidents that wait, or those that do not.
func only(list []Incident, waiting bool) []Incident {
	return slices.DeleteFunc(slices.Clone(list), func(in Incident) bool { return in.waits() != waiting })
}

func (in Incident) waits() bool { return in.State == Waiting || in.State == Exhausted }

// view returns what is shown of incidents.
func (e *Escalation) view(words words, list []Incident, fault string) pageView {
	v := pageView{Lang: e.opts.Locale.String(), Error: fault, Words: map[string]string{
		"title": words.title, "intro": words.intro, "name": words.name, "take": words.take, "more": words.more, "all": words.all, "marked": words.marked,
	}}
	list = slices.Concat(only(list, true), only(list, false)) // those that wait come first
	for i := range list {
		if list[i].waits() {
			v.Waiting++
		}
		if i < maxShown {
			v.Incidents = append(v.Incidents, e.viewOf(words, &list[i]))
		}
	}
	if rest := len(list) - maxShown; rest > 0 {
		v.Rest = e.opts.Locale.More(rest, rest)
	}
	return v
}

func (e *Escalation) viewOf(words words, in *Incident) pageIncident {
	a, l := &in.Alert, e.opts.Locale
	opened := in.Opened.Local() //nolint:gosmopolitan // where the people are
	if at := a.Time(); !at.IsZero() {
		opened = in.Opened.In(at.Location()) // as the source and the chat have it
	}
	v := pageIncident{
		Title: a.Name, Severity: l.Level(*a), State: words.state[in.State], Class: string(in.State),
		Number: in.Number, Waits: in.waits(),
		Since: opened.Format(time.DateTime + " -07:00"), URL: safeURL(a.URL),
	}
	if in.By != "" {
		v.State += " " + in.By
	}
	for _, f := range []struct {
		field alert.Field
		value string
	}{
		{alert.FieldProduct, a.Product}, {alert.FieldRegion, a.Region}, {alert.FieldInstance, a.Instance}, {alert.FieldDetails, a.Summary},
	} {
		if f.value != "" {
			v.Fields = append(v.Fields, [2]string{l.Field(f.field), f.value})
		}
	}
	if v.Title == "" {
		v.Title = l.Title(a.Status)
	}
	return v
}

// safeURL returns a URL that can be linked to, or nothing.
func safeURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
