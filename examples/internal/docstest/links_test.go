package docstest_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	inline = regexp.MustCompile(`\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)?)\)`)
	asHTML = regexp.MustCompile(`(?:src|srcset|href)="([^"]+)"`)
)

// links returns where a page leads to.
func (p *page) links() []string {
	var list []string
	for _, expression := range []*regexp.Regexp{inline, asHTML} {
		for _, m := range expression.FindAllStringSubmatch(p.prose, -1) {
			list = append(list, m[1])
		}
	}
	return list
}

// Every link within the repository leads to a file or folder, and its anchor to
// a heading. Other links are not followed; they must be https.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := map[string]*page{}
	for _, p := range pages(t) {
		all[p.path] = p
	}
	count := 0
	for _, p := range all {
		for _, link := range p.links() {
			count++
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				require.Regexp(t, `^(https://|mailto:)`, link, p.path)
				continue
			}
			file, anchor, hasAnchor := strings.Cut(link, "#")
			target := p.path
			if file != "" {
				target = path.Join(path.Dir(p.path), file)
				_, err := os.Stat(filepath.Join(root, filepath.FromSlash(target)))
				require.NoError(t, err, "%s: %s", p.path, link)
			}
			if hasAnchor {
				require.Contains(t, all, target, "%s: %s: only documents have anchors", p.path, link)
				require.Contains(t, all[target].anchors(), anchor, "%s: %s", p.path, link)
			}
		}
	}
	require.Greater(t, count, 100)
}

// Whoever begins at the README finds every page in docs.
func TestEveryPageIsFound(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		if found[name] {
			return
		}
		found[name] = true
		for _, link := range read(t, name).links() {
			file, _, _ := strings.Cut(link, "#")
			if strings.Contains(link, "://") || path.Ext(file) != ".md" {
				continue
			}
			follow(path.Join(path.Dir(name), file))
		}
	}
	follow("README.md")
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "docs/") || !strings.Contains(p.path, "/") {
			require.True(t, found[p.path], "%s: no page leads here", p.path)
		}
	}
}
