package docstest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	limitRow = regexp.MustCompile(`(?m)^\| [^|]+ \| ([0-9, ]+) \| (.+) \|$`)
	constant = regexp.MustCompile("`([a-z]+)\\.(Max[A-Za-z]+)`")
)

// The limits in the guarantees are those of the code, and every exported limit
// that is a number stands there.
func TestFigures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "docs/api/*.txt"))
	require.NoError(t, err)
	want := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		pkg := strings.TrimSuffix(filepath.Base(file), ".txt")
		pkg = pkg[strings.LastIndex(pkg, ".")+1:]
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), " untyped int = "); ok && strings.HasPrefix(name, "const Max") {
				want[pkg+"."+strings.TrimPrefix(name, "const ")] = value
			}
		}
	}
	got := map[string]string{}
	for _, m := range limitRow.FindAllStringSubmatch(read(t, "docs/guarantees.md").text, -1) {
		values := strings.Split(m[1], ", ")
		names := constant.FindAllStringSubmatch(m[2], -1)
		require.Len(t, values, len(names), m[0])
		for i, name := range names {
			got[name[1]+"."+name[2]] = values[i]
		}
	}
	require.Equal(t, want, got)
}
