package inbound

import (
	"net/http"
	"path"
	"strings"
)

// Clean returns the path that an unclean one means: with one slash at the
// front, none at the end, none doubled, and no dot segments. People add
// slashes, and proxies double them when they join two paths.
func Clean(unclean string) string { return path.Clean("/" + unclean) }

// Last cuts the last element off what a path means.
func Last(unclean string) (before, last string) {
	clean := Clean(unclean)
	i := strings.LastIndexByte(clean, '/')
	return clean[:i], clean[i+1:]
}

// CleanPath returns a handler that gives next the requests for prefix, which
// ends in a slash, and for all below it under the path that they mean, and all
// others as they are. It stands in front of an http.ServeMux, which answers an
// unclean path with a redirect before any handler sees it: few callers of
// webhooks follow one, and its Location repeats the secret.
func CleanPath(prefix string, next http.Handler) http.Handler {
	root := strings.TrimSuffix(Clean(prefix), "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := Clean(r.URL.Path)
		switch {
		case clean == root:
			clean = root + "/" // a mux redirects the path without it
		case !strings.HasPrefix(clean, root+"/"):
			next.ServeHTTP(w, r)
			return
		}
		if clean != r.URL.Path || r.URL.RawPath != "" {
			copied, at := *r, *r.URL
			at.Path, at.RawPath = clean, ""
			copied.URL = &at
			r = &copied
		}
		next.ServeHTTP(w, r)
	})
}
