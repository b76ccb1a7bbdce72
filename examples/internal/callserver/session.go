package callserver

import (
	"net/http"
	"net/url"
)

// login takes the admin token from a form and gives a session for it.
func (p *pages) login(w http.ResponseWriter, r *http.Request) {
	if !equal(r.PostFormValue("token"), p.config.AdminToken) {
		p.log.WarnContext(r.Context(), "somebody gave a wrong admin token on the page")
		p.show(w, http.StatusForbidden, &page{Title: "Sign in", Wrong: "This is not the admin token."})
		return
	}
	http.SetCookie(w, p.newSession(r))
	http.Redirect(w, r, "/admin", http.StatusSeeOther)
}

// logout makes the browser forget the session.
func (p *pages) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, cookie(r, "", -1))
	http.Redirect(w, r, "/admin", http.StatusSeeOther)
}

// form lets only forms pass that the session got from us.
func (p *pages) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session := p.session(r)
		if session == "" || !equal(r.PostFormValue("form"), p.formToken(session)) {
			p.show(w, http.StatusForbidden, &page{Title: "Sign in", Wrong: "The session has ended. Sign in again."})
			return
		}
		next(w, r)
	}
}

// cancel ends a call. One that had ended before is shown as it is.
func (p *pages) cancel(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := p.queue.Cancel(r.Context(), id, "on the page"); err != nil {
		session := p.session(r)
		p.show(w, http.StatusServiceUnavailable, &page{
			Title: "Call", FormToken: p.formToken(session), Failed: "The call was not cancelled: it is unknown, or the queue is not available.",
		})
		return
	}
	http.Redirect(w, r, "/admin/calls/"+url.PathEscape(id), http.StatusSeeOther)
}
