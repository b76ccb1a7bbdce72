// The command apilist keeps the exported API of this module as text, a line for
// each thing that users' code may rely on, a file for each package. Run in the
// module's root,
//
//	apilist docs/api CHANGELOG.md          compares code and files
//	apilist -write docs/api                writes the files
//	apilist -current docs/api CHANGELOG.md wants them to be the same
//
// A line that the code no longer has is something that breaks users. It is
// accepted when the changelog names it, as pkg.Name or pkg.Type.Member, in an
// entry tagged [Changed API] under "Unreleased". New lines are printed and
// break nobody.
package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	write := flag.Bool("write", false, "write the files")
	current := flag.Bool("current", false, "new lines are wrong too")
	flag.Parse()
	var err error
	switch dir := flag.Arg(0); {
	case *write && flag.NArg() == 1:
		err = store(dir)
	case !*write && flag.NArg() == 2:
		err = compare(os.Stdout, dir, flag.Arg(1), *current)
	default:
		err = fmt.Errorf("see the comment of the command for its arguments")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apilist:", err)
		os.Exit(1)
	}
}

// store writes the API of the packages in this folder to dir.
func store(dir string) error {
	api, err := load()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for pkg, lines := range api {
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(dir, fileName(pkg)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fileName turns "alert/outbox" into "alert.outbox.txt".
func fileName(pkg string) string { return strings.ReplaceAll(pkg, "/", ".") + ".txt" }

// compare holds the code against dir and the changelog.
func compare(w io.Writer, dir, changelog string, current bool) error {
	now, err := load()
	if err != nil {
		return err
	}
	base, err := read(dir, now)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	unexplained, added := report(w, base, now, announced(string(text)))
	switch {
	case unexplained > 0:
		return fmt.Errorf("%d incompatible changes that no [Changed API] entry of the changelog names", unexplained)
	case current && !maps.EqualFunc(base, now, slices.Equal):
		return fmt.Errorf("%s is not current (%d new lines): run make api and read its diff", dir, added)
	}
	return nil
}

// read returns the lines in dir for each package. Packages that the code has no
// more are there under the name of their file.
func read(dir string, now map[string][]string) (map[string][]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("nothing in %s", dir)
	}
	packages := map[string]string{}
	for pkg := range now {
		packages[fileName(pkg)] = pkg
	}
	base := map[string][]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		pkg, ok := packages[filepath.Base(name)]
		if !ok {
			pkg = strings.TrimSuffix(filepath.Base(name), ".txt")
		}
		base[pkg] = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return base, nil
}

// report prints what has changed and counts what is gone without an
// announcement, and what is new.
func report(w io.Writer, base, now map[string][]string, changelog string) (unexplained, added int) {
	for _, pkg := range slices.Sorted(maps.Keys(base)) {
		for _, line := range missing(base[pkg], now[pkg]) {
			verdict := "incompatible, in the changelog"
			if !strings.Contains(changelog, feature(pkg, line)) {
				verdict = "INCOMPATIBLE, not in the changelog"
				unexplained++
			}
			fmt.Fprintf(w, "%s: %s: gone: %s\n", verdict, pkg, line)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(now)) {
		for _, line := range missing(now[pkg], base[pkg]) {
			fmt.Fprintf(w, "new: %s: %s\n", pkg, line)
			added++
		}
	}
	return unexplained, added
}

// missing returns the lines of a that b does not have.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// feature is what a changelog calls the thing in a line: alert.Chain,
// wecom.Robot.Post, alert.Alert.Name.
func feature(pkg, line string) string {
	_, rest, _ := strings.Cut(line, " ")
	name := rest
	if i := strings.IndexAny(rest, " (=[,{"); i > 0 {
		name = rest[:i]
	}
	switch {
	case strings.HasPrefix(line, "method ("):
		receiver, rest, _ := strings.Cut(strings.TrimPrefix(rest, "("), ") ")
		method, _, _ := strings.Cut(rest, "(")
		name = strings.TrimPrefix(receiver, "*") + "." + method
	case strings.HasPrefix(line, "type ") && strings.Contains(rest, ", "):
		_, member, _ := strings.Cut(rest, ", ")
		if i := strings.IndexAny(member, " ("); i > 0 {
			member = member[:i]
		}
		name += "." + member
	}
	return pkg[strings.LastIndexAny(pkg, "/.")+1:] + "." + name
}

// announced returns the entries tagged [Changed API] of the changelog's first
// part, up to the first released version.
func announced(changelog string) string {
	_, text, _ := strings.Cut(changelog, "\n## [Unreleased]")
	text, _, _ = strings.Cut(text, "\n## ")
	var b strings.Builder
	for _, entry := range strings.Split(text, "\n- ")[1:] {
		if strings.HasPrefix(entry, "[Changed API]") {
			b.WriteString(entry + "\n")
		}
	}
	return b.String()
}
