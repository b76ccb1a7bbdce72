package docstest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// commands splits a block into commands: lines that go on are joined, comments
// are taken off.
func (b *block) commands() []string {
	var list []string
	var command string
	for line := range strings.Lines(b.text) {
		command += uncommented(line)
		if begun, goesOn := strings.CutSuffix(command, "\\\n"); goesOn {
			command = begun + " "
			continue
		}
		if strings.Count(command, "'")%2 == 1 || strings.Count(command, `"`)%2 == 1 {
			continue
		}
		if command = strings.TrimSpace(command); command != "" {
			list = append(list, command)
		}
		command = ""
	}
	return list
}

var comment = regexp.MustCompile(`(^|\s+)#( .*)?\n$`)

func uncommented(line string) string { return comment.ReplaceAllString(line, "\n") }

// An allowance is a beginning of commands that no test runs, with the reason.
type allowance struct {
	start, why string
	used       bool
}

func allowances(t *testing.T) []*allowance {
	t.Helper()
	text, err := os.ReadFile("testdata/commands.txt")
	require.NoError(t, err)
	var list []*allowance
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		start, why, ok := strings.Cut(line, "\t")
		require.True(t, ok && why != "", "%s: no reason", line)
		list = append(list, &allowance{start: start, why: strings.TrimSpace(why)})
	}
	return list
}

// Every command in a document is run by the test that the block names; or it
// starts a program of ours that is there and knows its flags and variables; or a
// line of testdata/commands.txt says why nobody runs it.
func TestCommands(t *testing.T) {
	t.Parallel()
	allowed := allowances(t)
	for _, b := range blocksOf(t, "sh", "bash") {
		if name, ok := strings.CutPrefix(b.note, "run by "); ok {
			require.True(t, exists(t, name), "%s:%d: no test %s", b.page, b.line, name)
			continue
		}
		if strings.HasPrefix(b.text, "#!") { // a file to save, not commands
			syntax(t, &b)
			continue
		}
		syntax(t, &b)
		for _, command := range b.commands() {
			if !b.isOurs(t, command) {
				require.True(t, permitted(allowed, command), "%s:%d: nobody runs: %s", b.page, b.line, command)
			}
		}
	}
	for _, a := range allowed {
		require.True(t, a.used, "testdata/commands.txt: no document has: %s", a.start)
	}
}

// permitted looks for an allowance.
func permitted(allowed []*allowance, command string) bool {
	i := slices.IndexFunc(allowed, func(a *allowance) bool { return strings.HasPrefix(command, a.start) })
	if i < 0 {
		return false
	}
	allowed[i].used = true
	return true
}

// syntax has a shell read a block without running it.
func syntax(t *testing.T, b *block) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-n")
	cmd.Stdin = strings.NewReader(b.text)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s:%d: %s", b.page, b.line, out)
}

// exists looks for a test in the repository.
func exists(t *testing.T, name string) bool {
	t.Helper()
	want := []byte("\nfunc " + name + "(t *testing.T) {\n")
	for _, pattern := range []string{"*/*_test.go", "*/*/*_test.go", "*/*/*/*_test.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			if bytes.Contains(text, want) {
				return true
			}
		}
	}
	return false
}

var (
	variable = regexp.MustCompile(`\bTOCSIN_[A-Z_]+`)
	flagWord = regexp.MustCompile(`(?:^|\s)-([a-z][a-z0-9-]*)(?:[\s=]|$)`)
	quoted   = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// isOurs checks a command that sets variables or starts something of this
// repository, and reports whether it is one.
func (b *block) isOurs(t *testing.T, command string) bool {
	t.Helper()
	for _, name := range variable.FindAllString(command, -1) {
		require.True(t, isVariable(t, name), "%s:%d: no program has the variable %s", b.page, b.line, name)
	}
	words := strings.Fields(command)
	switch {
	case words[0] == "export" || strings.Contains(words[0], "=") && len(words) == 1:
		return true
	case words[0] == "make":
		makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
		require.NoError(t, err)
		require.Contains(t, string(makefile), "\n"+words[1]+": ", "%s:%d: %s", b.page, b.line, command)
		return true
	case strings.HasPrefix(words[0], ".ci/"):
		require.FileExists(t, filepath.Join(root, words[0]))
		return true
	case len(words) >= 5 && words[0] == "go" && words[1] == "build" && words[2] == "-o":
		return programs(t)[strings.TrimPrefix(words[len(words)-1], "./examples/")] != ""
	}
	name, rest := program(words)
	help, ours := programs(t)[name]
	if !ours {
		return false
	}
	for _, m := range flagWord.FindAllStringSubmatch(quoted.ReplaceAllString(rest, "x"), -1) {
		require.Regexp(t, `(?m)^  -`+m[1]+`( |$)`, help, "%s:%d: %s has no flag -%s", b.page, b.line, name, m[1])
	}
	return true
}

// program returns the name of the program that a command starts, and what
// follows it.
func program(words []string) (name, rest string) {
	for len(words) > 1 && strings.Contains(words[0], "=") { // variables
		words = words[1:]
	}
	if len(words) > 2 && words[0] == "go" && words[1] == "run" {
		words = words[2:]
	}
	return strings.TrimPrefix(filepath.Base(words[0]), "tocsin-"), strings.Join(words[1:], " ")
}

// isVariable reports whether a flag of some program can be set by a variable,
// or the text of a program names it.
func isVariable(t *testing.T, name string) bool {
	t.Helper()
	flagName := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(name, "_FILE"), "TOCSIN_")), "_", "-")
	for _, help := range programs(t) {
		if strings.Contains(help, "  -"+flagName) || strings.Contains(help, name) {
			return true
		}
	}
	return false
}

// help holds what each example prints about itself.
var help = sync.OnceValues(func() (map[string]string, error) { //nolint:gochecknoglobals // built once for all tests
	dir, err := os.MkdirTemp("", "docs")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", dir+"/", "./...")
	build.Dir = filepath.Join(root, "examples")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, &exec.Error{Name: string(out), Err: err}
	}
	binaries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, b := range binaries {
		name := strings.TrimSuffix(b.Name(), ".exe")
		// A program without flags, whose settings are in the environment, ends
		// since it has none.
		cmd := exec.CommandContext(ctx, filepath.Join(dir, b.Name()), "-help") //nolint:gosec // our own
		cmd.Env = []string{"HOME=" + dir}
		out, _ := cmd.CombinedOutput() // its status is 0, 1 or 2
		texts[name] = string(out)
	}
	return texts, nil
})

func programs(t *testing.T) map[string]string {
	t.Helper()
	texts, err := help()
	require.NoError(t, err)
	return texts
}
