package examples_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const english = "../README.md"

func readmes() []string { return []string{english, "../README.zh-CN.md", "../README.ja.md"} }

// A section is what stands between two headings of the second level.
type section struct {
	name   string   // of the comment before the heading
	blocks []string // of code, the comments in them taken out
	links  []string // into the repository
}

var (
	mark    = regexp.MustCompile(`^<!-- section: (\w+) -->$`)
	remark  = regexp.MustCompile(`(?m)(^|\s+)#( .*)?$`)
	into    = regexp.MustCompile(`\]\(([a-zA-Z][^):]*)\)`)
	opening = regexp.MustCompile("^```(\\w*)$")
)

// sections reads one README. Each heading of the second level must have a name.
func sections(t *testing.T, name string) []section {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var list []section
	var pending, block string
	inside := false
	for line := range strings.SplitSeq(string(text), "\n") {
		m := mark.FindStringSubmatch(line)
		switch {
		case m != nil:
			pending = m[1]
		case strings.HasPrefix(line, "## ") && !inside:
			require.NotEmpty(t, pending, "%s: no comment with the section's name before %q", name, line)
			list = append(list, section{name: pending})
			pending = ""
		case inside && line == "```":
			inside = false
			last := &list[len(list)-1]
			last.blocks = append(last.blocks, remark.ReplaceAllString(block, ""))
		case opening.MatchString(line):
			inside, block = true, line+"\n"
		case inside:
			block += line + "\n"
		case len(list) > 0:
			last := &list[len(list)-1]
			for _, l := range into.FindAllStringSubmatch(line, -1) {
				last.links = append(last.links, l[1])
			}
		}
	}
	return list
}

func find(list []section, name string) *section {
	if i := slices.IndexFunc(list, func(s section) bool { return s.name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// The program that each README shows is the one that is compiled and tested.
func TestReadmeShowsTheMinimalProgram(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("minimal/main.go")
	require.NoError(t, err)
	for _, name := range readmes() {
		write := find(sections(t, name), "write")
		require.NotNil(t, write, name)
		require.Contains(t, write.blocks, "```go\n"+string(program), name)
	}
}

// The READMEs are written for different readers, in different orders. They have
// the same sections, begin with the same one, have the same commands in each, and
// lead to the same packages and programs.
func TestReadmesInStep(t *testing.T) {
	t.Parallel()
	want := sections(t, english)
	require.Equal(t, "see", want[0].name)
	for _, name := range readmes()[1:] {
		got := sections(t, name)
		require.Len(t, got, len(want), name)
		require.Equal(t, want[0].name, got[0].name, "%s begins with", name)
		for _, w := range want {
			g := find(got, w.name)
			require.NotNil(t, g, "%s: no section %s", name, w.name)
			require.Equal(t, w.blocks, g.blocks, "%s: %s", name, w.name)
			if w.name == "packages" || w.name == "run" {
				for _, link := range w.links {
					require.Contains(t, g.links, link, "%s: %s", name, w.name)
				}
			}
		}
	}
}

// Every package that users import and every program stands in the README.
func TestReadmeIsComplete(t *testing.T) {
	t.Parallel()
	var links []string
	for _, s := range sections(t, english) {
		links = append(links, s.links...)
	}
	programs, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, d := range programs {
		if _, err := os.Stat(d.Name() + "/main.go"); err == nil {
			require.Contains(t, links, "examples/"+d.Name())
		}
	}
	folders, err := os.ReadDir("..")
	require.NoError(t, err)
	for _, d := range folders {
		if _, err := os.Stat("../" + d.Name() + "/doc.go"); err == nil {
			require.Contains(t, links, d.Name())
		}
	}
}
