// Package lintcontrol_test is the negative control of the lint rules: a rule
// that stopped matching would look exactly like code that keeps it.
package lintcontrol_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const root = "../.."

func TestRulesBite(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/control.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", ".golangci.yml"} {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: read(t, filepath.Join(root, name))})
	}
	for _, f := range archive.Files {
		write(t, filepath.Join(dir, f.Name), f.Data)
	}

	want, got := wanted(archive), reported(t, dir)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not reported: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("reported without reason: %s", g)
		}
	}
	if len(want) == 0 {
		t.Error("the control module expects nothing")
	}
}

// wanted returns "file:line linter" for each linter that a comment names.
func wanted(a *txtar.Archive) []string {
	var all []string
	for _, f := range a.Files {
		if !strings.HasSuffix(f.Name, ".go") {
			continue
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			_, linters, _ := strings.Cut(line, "// want ")
			for linter := range strings.FieldsSeq(linters) {
				all = append(all, fmt.Sprintf("%s:%d %s", f.Name, i+1, linter))
			}
		}
	}
	return all
}

// finding matches one line of golangci-lint's text output.
var finding = regexp.MustCompile(`^(\S+?:\d+):(?:\d+:)? .*\((\w+)\)$`)

// reported returns what golangci-lint finds in dir, in the form of wanted.
func reported(t *testing.T, dir string) []string {
	t.Helper()
	path, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "golangci-lint").Output()
	if err != nil {
		t.Fatal("go tool -n golangci-lint:", err)
	}
	lint := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), "run", "--allow-parallel-runners",
		"--output.text.path=stdout", "--output.text.print-issued-lines=false", "--output.text.colors=false", "--show-stats=false", "./...")
	lint.Dir = dir
	lint.Env = append(os.Environ(), "GOWORK=off", "PWD="+dir)
	out, err := lint.CombinedOutput()
	var all []string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if m := finding.FindStringSubmatch(line); m != nil {
			all = append(all, m[1]+" "+m[2])
			t.Log(line)
		}
	}
	if len(all) == 0 {
		t.Fatalf("golangci-lint found nothing (%v): %s", err, out)
	}
	return all
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
