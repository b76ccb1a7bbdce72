package docstest_test

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// imports of the snippets, which do not spell them out. Packages of this module
// are found in its folders.
func imports(t *testing.T) map[string]string {
	t.Helper()
	known := map[string]string{
		"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "httptest": "net/http/httptest",
		"json": "encoding/json", "log": "log", "os": "os", "slog": "log/slog", "sql": "database/sql", "strings": "strings",
		"testing": "testing", "time": "time", "netip": "net/netip", "rand": "crypto/rand", "require": "github.com/stretchr/testify/require",
	}
	for _, pattern := range []string{"*/doc.go", "*/*/doc.go", "*/*/*/doc.go"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, name := range names {
			dir, err := filepath.Rel(root, filepath.Dir(name))
			require.NoError(t, err)
			if !strings.Contains(dir, "internal") {
				known[filepath.Base(dir)] = "github.com/tocsin-go/tocsin/" + filepath.ToSlash(dir)
			}
		}
	}
	return known
}

// Every Go block compiles and passes vet. A block that is no whole file may leave
// out what its reader has: a comment before it, "given: ctx context.Context; robot
// alert.Sender", declares that. A line or a body of three dots, for the handling of
// errors, is taken out, and unused variables are used.
func TestGoBlocksCompile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "examples/go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(mod), "module github.com/tocsin-go/tocsin/examples", "module docs", 1)
	text = strings.Replace(text, "=> ../", "=> "+absolute, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	sum, err := os.ReadFile(filepath.Join(root, "examples/go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))

	known := imports(t)
	blocks := blocksOf(t, "go")
	require.Greater(t, len(blocks), 10)
	for i, b := range blocks {
		file, err := b.program(known)
		require.NoError(t, err, "%s:%d", b.page, b.line)
		sub := filepath.Join(dir, fmt.Sprintf("block%d", i))
		require.NoError(t, os.Mkdir(sub, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(sub, "block.go"), []byte(file), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "-mod=mod", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, legend(blocks))
}

// legend says which block is where.
func legend(blocks []block) string {
	var b strings.Builder
	for i, block := range blocks {
		fmt.Fprintf(&b, "block%d: %s:%d\n", i, block.page, block.line)
	}
	return b.String()
}

var (
	dotsLine = regexp.MustCompile(`(?m)^\s*(\.\.\.|…)\s*$`)
	dotsBody = regexp.MustCompile(`\{ (\.\.\.|…) \}`)
)

// program makes a whole file of a block.
func (b *block) program(known map[string]string) (string, error) {
	text := dotsBody.ReplaceAllString(dotsLine.ReplaceAllString(b.text, ""), "{}")
	if strings.HasPrefix(text, "package ") {
		return text, nil
	}
	var given string
	if list, ok := strings.CutPrefix(b.note, "given: "); ok {
		given = strings.ReplaceAll(list, ";", ",")
	}
	file := "package block\n\n" + text // declarations
	if _, err := parser.ParseFile(token.NewFileSet(), "", file, 0); err != nil {
		file = "package block\n\nfunc _(" + given + ") {\n" + text + "\n}\n"
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, "", file, parser.ParseComments)
	if err != nil {
		return "", err
	}
	file = used(fset, tree, file)
	head := "package block\n\n"
	for _, name := range packagesOf(tree) {
		if path, ok := known[name]; ok {
			head += fmt.Sprintf("import %q\n", path)
		}
	}
	formatted, err := format.Source([]byte(head + strings.TrimPrefix(file, "package block\n")))
	return string(formatted), err
}

// packagesOf returns the names before a dot that nothing in the file declares.
func packagesOf(tree *ast.File) []string {
	names := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Obj == nil {
				names[id.Name] = true
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(names))
}

// used adds a use behind each statement that declares variables.
func used(fset *token.FileSet, tree *ast.File, file string) string {
	insert := map[int]string{}
	ast.Inspect(tree, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		}
		for _, s := range list {
			assign, ok := s.(*ast.AssignStmt)
			if !ok || assign.Tok != token.DEFINE {
				continue
			}
			for _, left := range assign.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name != "_" {
					insert[fset.Position(s.End()).Offset] += "; _ = " + id.Name
				}
			}
		}
		return true
	})
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(insert))) {
		file = file[:at] + insert[at] + file[at:]
	}
	return file
}
