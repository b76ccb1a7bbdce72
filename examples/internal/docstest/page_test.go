// Package docstest_test holds the documents of this repository against the
// code: links lead somewhere, Go compiles, commands exist, and error texts are
// those that the packages make. What cannot be checked is listed with a reason.
package docstest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

// A page is one document, by its path from the root.
type page struct {
	path   string
	text   string
	blocks []block
	prose  string // the text without blocks and code spans
}

// A block is a fenced block of code.
type block struct {
	page string
	line int    // of its first line
	lang string // "go", "sh", …
	note string // the comment right before it, without the marks
	text string
}

// pages returns every document of the repository.
func pages(t *testing.T) []*page {
	t.Helper()
	var list []*page
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		path, err := filepath.Rel(root, name)
		require.NoError(t, err)
		list = append(list, read(t, filepath.ToSlash(path)))
		return nil
	}))
	require.Greater(t, len(list), 10)
	return list
}

// read reads one document.
func read(t *testing.T, path string) *page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	require.NoError(t, err)
	p := &page{path: path, text: string(text)}
	p.split()
	return p
}

var codeSpan = regexp.MustCompile("`+[^`\n]*`+")

// split tells blocks from prose.
func (p *page) split() {
	var prose strings.Builder
	var open *block
	lines := strings.Split(p.text, "\n")
	for i, line := range lines {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{page: p.path, line: i + 2, lang: fence, note: note(lines[:i])}
		case isFence:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		default:
			prose.WriteString(codeSpan.ReplaceAllString(line, "``") + "\n")
		}
	}
	p.prose = prose.String()
}

// note returns the comment that ends right before a block.
func note(before []string) string {
	if len(before) == 0 {
		return ""
	}
	last := strings.TrimSpace(before[len(before)-1])
	if text, ok := strings.CutPrefix(last, "<!--"); ok {
		return strings.TrimSpace(strings.TrimSuffix(text, "-->"))
	}
	return ""
}

// headings returns the headings of a page in order, with their marks.
func (p *page) headings() []string {
	var list []string
	for line := range strings.Lines(outsideBlocks(p.text)) {
		if strings.HasPrefix(line, "#") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

// outsideBlocks returns text without its blocks.
func outsideBlocks(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
			continue
		}
		if !inside {
			b.WriteString(line)
		}
	}
	return b.String()
}

// anchors returns the names by which GitHub finds the headings.
func (p *page) anchors() []string {
	var list []string
	seen := map[string]int{}
	for _, h := range p.headings() {
		name := slug(strings.TrimSpace(strings.TrimLeft(h, "#")))
		if n := seen[name]; n > 0 {
			list = append(list, name+"-"+string(rune('0'+n)))
		} else {
			list = append(list, name)
		}
		seen[name]++
	}
	return list
}

// slug is GitHub's: lower case, blanks to hyphens, and of the rest letters,
// digits, hyphens and underscores.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// blocksOf returns the blocks of all pages in one of the languages.
func blocksOf(t *testing.T, langs ...string) []block {
	t.Helper()
	var list []block
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			if slices.Contains(langs, b.lang) {
				list = append(list, b)
			}
		}
	}
	return list
}
