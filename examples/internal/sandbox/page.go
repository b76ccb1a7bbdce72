package sandbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle []byte
	//go:embed page.js
	pageScript []byte
	//go:embed icon.svg
	pageIcon []byte
	//go:embed words.json
	wordsText []byte
)

// words are what the page says in a language, by key.
type words map[string]string

// languages are those of the page, the first one for a reader who asks for none of them.
func languages() []string { return []string{"zh", "en", "ja"} }

// A view is what the template gets.
type view struct {
	Lang      string
	Languages []language
	Words     words
	JSON      string // the same, for the script
	Callback  string
	Columns   [][]panel
	Buttons   []string
	Extras    []string
}

type language struct {
	Code, Name string
	Current    bool
}

// A panel is the place of a destination.
type panel struct {
	Dest     string
	Settings []Setting
}

// addPage adds the page and what it consists of.
func (s *Sandbox) addPage(mux *http.ServeMux) {
	page := template.Must(template.New("page").Parse(pageText))
	var said map[string]words
	if err := json.Unmarshal(wordsText, &said); err != nil {
		panic("sandbox: " + err.Error()) // a part of the program
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		secure(w)
		var text bytes.Buffer
		if err := page.Execute(&text, s.view(said, choose(r))); err != nil {
			s.log.Error("the page cannot be rendered", "error", err)
			http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text.Bytes())
	})
	for path, file := range map[string]struct {
		media string
		text  []byte
	}{
		"/page.css": {"text/css; charset=utf-8", pageStyle}, "/page.js": {"text/javascript; charset=utf-8", pageScript},
		"/icon.svg": {"image/svg+xml", pageIcon},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			secure(w)
			w.Header().Set("Content-Type", file.media)
			_, _ = w.Write(file.text)
		})
	}
}

// secure tells the browser to load nothing from elsewhere and to run nothing but
// the script of the page.
func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// view is the page in a language.
func (s *Sandbox) view(said map[string]words, lang string) view {
	text, _ := json.Marshal(said[lang]) // strings
	targets := s.Targets()
	v := view{
		Lang: map[string]string{"zh": "zh-CN", "en": "en", "ja": "ja"}[lang], Words: said[lang], JSON: string(text), Callback: targets.Callback,
		Buttons: []string{"event", "critical", "threshold", "recovery", "ocp"},
		Extras:  []string{"storm", "burst", "hostile"},
	}
	for _, code := range languages() {
		v.Languages = append(v.Languages, language{code, said[code]["language"], code == lang})
	}
	for _, column := range [][]string{{destWecom}, {destDingTalk}, {destPigeon, destVoice, destAutoCall}, {destTrap, destOCP}} {
		var panels []panel
		for _, dest := range column {
			p := panel{Dest: dest}
			for _, setting := range targets.Settings() {
				if setting.Dest == dest {
					p.Settings = append(p.Settings, setting)
				}
			}
			panels = append(panels, p)
		}
		v.Columns = append(v.Columns, panels)
	}
	return v
}

// choose returns the language that a reader asked for, by a link or by the
// settings of the browser.
func choose(r *http.Request) string {
	asked := append([]string{r.URL.Query().Get("lang")}, strings.Split(r.Header.Get("Accept-Language"), ",")...)
	for _, word := range asked {
		word, _, _ = strings.Cut(strings.TrimSpace(word), ";")
		word, _, _ = strings.Cut(word, "-")
		if slices.Contains(languages(), strings.ToLower(word)) {
			return strings.ToLower(word)
		}
	}
	return languages()[0]
}
