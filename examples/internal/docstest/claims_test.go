package docstest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A test that a page names as the proof of a claim exists.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		code, err := os.ReadFile(name)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(code, -1) {
			known[string(m[1])] = true
		}
		return err
	}))
	count := 0
	for _, path := range []string{"docs/security.md", "docs/threat-model.md", "docs/guarantees.md"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		require.NoError(t, err)
		for _, m := range regexp.MustCompile("`(Test[A-Z0-9]\\w+)`").FindAllStringSubmatch(string(text), -1) {
			count++
			require.True(t, known[m[1]], "%s: %s", path, m[1])
		}
	}
	require.Greater(t, count, 20)
}
