package docstest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	node = regexp.MustCompile(`(?m)^\s*(\w+)\["([^"]+)"\]$`)
	edge = regexp.MustCompile(`(?m)^\s*(\w+) --> (\w+)$`)
	word = regexp.MustCompile(`[a-z]+(/[a-z]+)*`)
)

// An arrow in the picture of the architecture is an import of every package at
// its foot; every import between what the picture shows is an arrow; and every
// package that users import for its own sake is in it.
func TestPicture(t *testing.T) {
	t.Parallel()
	imported := importsOf(t)
	var picture string
	for _, b := range read(t, "docs/architecture.md").blocks {
		if b.lang == "mermaid" {
			picture += b.text
		}
	}
	groups := map[string][]string{} // node to packages
	home := map[string]string{}     // package to node
	for _, m := range node.FindAllStringSubmatch(picture, -1) {
		for _, name := range word.FindAllString(m[2], -1) {
			if _, known := imported[name]; known || name == "examples" {
				groups[m[1]] = append(groups[m[1]], name)
				home[name] = m[1]
			}
		}
		require.NotEmpty(t, groups[m[1]], "%s names no package", m[1])
	}
	var arrows []string
	for _, m := range edge.FindAllStringSubmatch(picture, -1) {
		arrows = append(arrows, m[1]+" "+m[2])
		for _, from := range groups[m[1]] {
			require.True(t, slices.ContainsFunc(groups[m[2]], func(to string) bool {
				return slices.Contains(imported[from], to)
			}), "%s does not import %s", from, m[2])
		}
	}
	require.Greater(t, len(arrows), 10)
	for from, list := range imported {
		for _, to := range list {
			a, b := home[from], home[to]
			if a != "" && b != "" && a != b && from != "examples" {
				require.Contains(t, arrows, a+" "+b, "%s imports %s", from, to)
			}
		}
		if !strings.Contains(from, "test") && !strings.HasPrefix(from, "internal/") {
			require.Contains(t, home, from, "not in the picture")
		}
	}
}

// importsOf returns which packages of this module each of them imports. All of
// examples is one, its tests included.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	imported := map[string][]string{}
	for _, dir := range []string{"", "examples"} {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
		cmd.Dir, cmd.Env = filepath.Join(root, dir), append(os.Environ(), "GOWORK=off")
		out, err := cmd.Output()
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(out))
		for {
			var p struct {
				ImportPath                         string
				Imports, TestImports, XTestImports []string
			}
			err := decoder.Decode(&p)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			name := strings.TrimPrefix(p.ImportPath, module+"/")
			if dir != "" {
				name = dir
				p.Imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
			}
			for _, i := range p.Imports {
				if short, ours := strings.CutPrefix(i, module+"/"); ours {
					imported[name] = append(imported[name], short)
				}
			}
			if imported[name] == nil {
				imported[name] = []string{}
			}
		}
	}
	return imported
}
