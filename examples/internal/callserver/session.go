package callserver

import (
	"net/http"
	"net/url"

	"github.com/tocsin-go/tocsin/internal/markup"
)

const maxWho = 60 // bytes of a name

// login takes the admin token from a form and begins a session.
func (p *pages) login(w http.ResponseWriter, r *http.Request) {
	switch p.guesses.check(r, r.PostFormValue("token"), p.config.AdminToken) {
	case http.StatusOK:
		who := p.caller(r)
		if name := markup.OneLine(r.PostFormValue("name"), maxWho); name != "" {
			who = name + ", " + who
		}
		p.log.InfoContext(r.Context(), "signed in on the page", "who", who)
		http.SetCookie(w, p.sessions.begin(r, who))
		http.Redirect(w, r, "/admin", http.StatusSeeOther)
	case http.StatusTooManyRequests:
		p.show(w, http.StatusTooManyRequests, &page{Title: "Sign in", Wrong: "Too many wrong tokens came from your address. Wait half a minute."})
	default:
		p.show(w, http.StatusForbidden, &page{Title: "Sign in", Wrong: "This is not the admin token."})
	}
}

// caller names where a request comes from, for audits.
func (s *service) caller(r *http.Request) string {
	addr, _ := s.config.Access.ClientIP(r)
	return addr.String()
}

// logout ends the session, here and in the browser.
func (p *pages) logout(w http.ResponseWriter, r *http.Request) {
	p.sessions.end(r)
	http.SetCookie(w, cookie(r, "", -1))
	http.Redirect(w, r, "/admin", http.StatusSeeOther)
}

// form lets only forms pass that the session got from us.
func (p *pages) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session := p.sessions.of(r)
		if session.form == "" || !equal(r.PostFormValue("form"), session.form) {
			p.show(w, http.StatusForbidden, &page{Title: "Sign in", Wrong: "The session has ended. Sign in again."})
			return
		}
		next(w, r)
	}
}

// cancel ends a call. One that had ended before is shown as it is.
func (p *pages) cancel(w http.ResponseWriter, r *http.Request) {
	id, session := r.PathValue("id"), p.sessions.of(r)
	if _, err := p.queue.Cancel(r.Context(), id, "on the page by "+session.who); err != nil {
		p.show(w, http.StatusServiceUnavailable, &page{
			Title: "Call", FormToken: session.form, Failed: "The call was not cancelled: it is unknown, or the queue is not available.",
		})
		return
	}
	http.Redirect(w, r, "/admin/calls/"+url.PathEscape(id), http.StatusSeeOther)
}
