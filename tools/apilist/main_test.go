package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const source = `package p

import "io"

const Max = 1 << 20
var ErrGone error
func Open(name string, rest ...int) (closer io.Closer, err error) { return nil, nil }
func hidden() {}
type Code int
func (c Code) Error() string { return "" }
type Plain struct { A int; b int }
type Value struct {
	Labels map[string]string ` + "`json:\"labels\"`" + `
	io.Reader
}
func (v *Value) Reset(to int) {}
type Sender interface { Send(a int) error; Close() error }
type Message interface { Kind() string; sealed() }
type Old = Code
`

func described() []string {
	return []string{
		"const Max untyped int = 1048576",
		"func Open(string, ...int) (io.Closer, error)",
		"method (*Value) Reset(int)",
		"method (Code) Error() string",
		"method (Value) Read([]byte) (int, error)",
		"type Code int",
		"type Message interface { unexported methods }",
		"type Message interface, Kind() string",
		"type Old = Code",
		"type Plain comparable struct",
		"type Plain struct, A int",
		"type Sender interface { Close; Send }",
		"type Sender interface, Close() error",
		"type Sender interface, Send(int) error",
		"type Value struct",
		"type Value struct, Labels map[string]string `json:\"labels\"`",
		"type Value struct, Reader (embedded) io.Reader",
		"var ErrGone error",
	}
}

func TestDescribe(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := describer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if token.IsExported(name) {
			d.object(pkg.Scope().Lookup(name))
		}
	}
	slices.Sort(d.lines)
	for _, line := range missing(described(), d.lines) {
		t.Errorf("no line %s", line)
	}
	for _, line := range missing(d.lines, described()) {
		t.Errorf("a line too many: %s", line)
	}
}

func TestFeature(t *testing.T) {
	tests := map[string]string{
		"const Max untyped int = 1048576":              "outbox.Max",
		"func Open(string, ...int) (io.Closer)":        "outbox.Open",
		"method (*Value) Reset(int)":                   "outbox.Value.Reset",
		"method (Code) Error() string":                 "outbox.Code.Error",
		"type Old = Code":                              "outbox.Old",
		"type Plain comparable struct":                 "outbox.Plain",
		"type Plain struct, A map[string]int `x:\"\"`": "outbox.Plain.A",
		"type Sender interface { Close; Send }":        "outbox.Sender",
		"type Sender interface, Close() error":         "outbox.Sender.Close",
		"var ErrGone error":                            "outbox.ErrGone",
	}
	for line, want := range tests {
		for _, pkg := range []string{"alert/outbox", "alert.outbox", "outbox"} {
			if got := feature(pkg, line); got != want {
				t.Errorf("%s: %s, want %s", line, got, want)
			}
		}
	}
}

const log = `# Changelog

## [Unreleased]

- [New API] outbox.Fresh.
- [Changed API] outbox.Gone: use outbox.Fresh,
  and not outbox.Also either.

## [0.1.0]

- [Changed API] outbox.Older.
`

func TestReport(t *testing.T) {
	base := map[string][]string{"alert/outbox": {"func Gone()", "func Also()", "func Older()", "func Fresh(int)", "func Kept()"}}
	now := map[string][]string{"alert/outbox": {"func Kept()", "func Fresh(string)"}}
	var out strings.Builder
	unexplained, added := report(&out, base, now, announced(log))
	// Fresh is named in the entry about Gone, which is as good.
	if unexplained != 1 || added != 1 || !strings.Contains(out.String(), "INCOMPATIBLE, not in the changelog: alert/outbox: gone: func Older()") {
		t.Errorf("%d unexplained, %d new:\n%s", unexplained, added, out.String())
	}
}

// The files that a whole run writes are those that it then finds the same, and
// a line that is lost is found.
func TestRoundTrip(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	if err := store(dir); err != nil {
		t.Fatal(err)
	}
	if err := compare(t.Output(), dir, "CHANGELOG.md", true); err != nil {
		t.Error(err)
	}
	name := filepath.Join(dir, "alert.txt")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append([]byte("func Lost()\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := compare(t.Output(), dir, "CHANGELOG.md", false); err == nil {
		t.Error("nobody missed alert.Lost")
	}
	if err := os.Rename(name, filepath.Join(dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	if err := compare(t.Output(), dir, "CHANGELOG.md", false); err == nil {
		t.Error("nobody missed the package gone")
	}
}
