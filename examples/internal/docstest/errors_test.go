package docstest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/wecom"
)

const troubleshooting = "docs/troubleshooting.md"

// A quote is an error text on the page, with the packages that make it.
type quote struct {
	text     string
	packages []string
	codes    string // whose codes the table lists, or ""
}

// quotes returns the texts in the first column of each table behind a comment
// "texts of: package, package; codes of: package".
func quotes(t *testing.T) []quote {
	t.Helper()
	var list []quote
	var packages []string
	var codes string
	for line := range strings.Lines(outsideBlocks(read(t, troubleshooting).text)) {
		if names, ok := strings.CutPrefix(line, "<!-- texts of: "); ok {
			names, _, _ = strings.Cut(names, " -->")
			names, codes, _ = strings.Cut(names, "; codes of: ")
			packages = strings.Split(names, ", ")
		}
		if strings.HasPrefix(line, "## ") {
			packages = nil
		}
		cell, isRow := strings.CutPrefix(line, "| `")
		if !isRow || len(packages) == 0 {
			continue
		}
		cell, _, _ = strings.Cut("`"+cell, " | ")
		for _, span := range codeSpan.FindAllString(cell, -1) {
			list = append(list, quote{strings.Trim(span, "`"), packages, codes})
		}
	}
	return list
}

// Each error text on the page is made by the package that the page names.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	literals := map[string]string{}
	list := quotes(t)
	require.Greater(t, len(list), 80)
	for _, q := range list {
		if strings.HasPrefix(q.text, "errcode ") {
			continue // TestCodes
		}
		var all strings.Builder
		for _, name := range q.packages {
			if _, known := literals[name]; !known {
				literals[name] = literalsOf(t, name)
			}
			all.WriteString(literals[name])
		}
		for part := range strings.SplitSeq(q.text, "…") {
			part = strings.Trim(part, ": ") // a verb, or a join, may stand beside it
			require.Contains(t, all.String(), part, "%s: no text of %v", q.text, q.packages)
		}
	}
}

// literalsOf returns all texts of a package, those joined by a plus as one. The
// verbs of formats that stand for a name are taken out.
func literalsOf(t *testing.T, name string) string {
	t.Helper()
	var all strings.Builder
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, filepath.Join(root, name), func(i fs.FileInfo) bool { //nolint:staticcheck // one folder, no build tags wanted
		return !strings.HasSuffix(i.Name(), "_test.go")
	}, 0)
	require.NoError(t, err)
	for _, pkg := range packages {
		ast.Inspect(pkg, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				all.WriteString(joined(n) + "\n")
			case *ast.BasicLit:
				all.WriteString(unquoted(n) + "\n")
			}
			return true
		})
	}
	require.NotEmpty(t, all.String(), name)
	return all.String()
}

// joined returns the literals of a sum.
func joined(n ast.Expr) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return joined(n.X) + joined(n.Y)
	case *ast.BasicLit:
		return unquoted(n)
	}
	return ""
}

func unquoted(n *ast.BasicLit) string {
	text, err := strconv.Unquote(n.Value)
	if err != nil || n.Kind != token.STRING {
		return ""
	}
	return text
}

var errcode = regexp.MustCompile(`^errcode (-?\d+) `)

// A code on the page has the meaning that the package gives it, and each code
// after which somebody must wait or mend something is there.
func TestCodes(t *testing.T) {
	t.Parallel()
	judges := map[string]func(int) (text string, listed bool){
		"wecom": func(n int) (string, bool) {
			c := wecom.Code(n)
			switch c.Class() {
			case wecom.ClassRetry, wecom.ClassWait, wecom.ClassDead:
				return c.Error(), true
			}
			return c.Error(), false
		},
		"dingtalk": func(n int) (string, bool) {
			c := dingtalk.Code(n)
			switch c.Class() {
			case dingtalk.ClassRetry, dingtalk.ClassWait, dingtalk.ClassDead:
				return c.Error(), true
			}
			return c.Error(), false
		},
	}
	shown := map[string]bool{}
	for _, q := range quotes(t) {
		m := errcode.FindStringSubmatch(q.text)
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		require.Contains(t, judges, q.codes)
		text, _ := judges[q.codes](n)
		require.Equal(t, text, q.text)
		shown[q.codes+text] = true
	}
	for name, judge := range judges {
		for n := -100; n < 1_000_000; n++ {
			if text, listed := judge(n); listed {
				require.True(t, shown[name+text], "%s: %s is not on the page", name, text)
			}
		}
	}
}
