package deptest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the table in docs/dependencies.md") //nolint:gochecknoglobals // a flag

const (
	dependencies = "docs/dependencies.md"
	beginTable   = "<!-- made by: go test ./internal/deptest -update -->\n"
	endTable     = "<!-- end -->\n"
)

// The page for importers says what each package links. Standard packages are
// not counted: their number changes with each version of Go.
func TestTableIsCurrent(t *testing.T) {
	t.Parallel()
	name := filepath.Join(moduleRoot, dependencies)
	page, err := os.ReadFile(name)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), beginTable)
	require.True(t, found, "no beginning of the table")
	_, after, found := strings.Cut(rest, endTable)
	require.True(t, found, "no end of the table")
	want := before + beginTable + load(t).table(t) + endTable + after
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(want), 0o644)) //nolint:gosec // a page
		return
	}
	require.Equal(t, want, string(page), "run: go test ./internal/deptest -update")
}

// table describes every package that users may import.
func (g graph) table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| Package | Modules beside Tocsin | HTTP | SQL |\n|---|---|---|---|\n")
	for _, name := range g.ownNames() {
		if strings.HasPrefix(name, "internal/") {
			continue
		}
		p := g.own(t, name)
		modules := "none"
		if list := g.modules(p); len(list) > 0 {
			modules = strings.Join(list, ", ")
		}
		fmt.Fprintf(&b, "| [`%s`](../%s) | %s | %s | %s |\n", name, name, modules,
			p.links("net/http"), p.links("database/sql"))
	}
	return b.String()
}

// links says whether a package comes along.
func (l *listed) links(pkg string) string {
	if slices.Contains(l.Deps, pkg) {
		return "yes"
	}
	return ""
}
