// The command benchratio reads the output of go test -bench from standard
// input and prints, for every benchmark that has a sub-benchmark "tocsin",
// the median of each sub-benchmark and how many times longer tocsin takes.
//
// Feed it several rounds of the same benchmarks. Ratios are formed within a
// round and their median is printed, so that a machine that slows down
// between two rounds changes neither side alone.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// ours is the sub-benchmark to which its siblings are compared.
const ours = "tocsin"

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchratio:", err)
		os.Exit(1)
	}
}

// run reads benchmark results from r and writes the comparison to w. It is an
// error if nothing was compared or a test failed: silence would pass for news.
func run(r io.Reader, w io.Writer) error {
	groups, err := parse(r)
	if err != nil {
		return err
	}
	compared := 0
	for _, g := range groups {
		if base := g.variant(ours); base != nil && len(g.variants) > 1 {
			g.print(w, base)
			compared++
		}
	}
	if compared == 0 {
		return fmt.Errorf("no benchmark has a sub-benchmark %q and another one", ours)
	}
	return nil
}

// A group is a benchmark and its sub-benchmarks, in order of appearance.
type group struct {
	name     string
	variants []*variant
}

// A variant is one sub-benchmark: its figures by unit, one value a round.
type variant struct {
	name   string
	values map[string][]float64
}

func (g *group) variant(name string) *variant {
	i := slices.IndexFunc(g.variants, func(v *variant) bool { return v.name == name })
	if i < 0 {
		return nil
	}
	return g.variants[i]
}

// result matches "BenchmarkParent/child-8   1000   123 ns/op ...". The number
// of processors is absent when it is 1.
var result = regexp.MustCompile(`^Benchmark(\S+)/(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func parse(r io.Reader) ([]*group, error) {
	var groups []*group
	pkg := ""
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if path, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = path[strings.LastIndex(path, "/")+1:]
		}
		if strings.HasPrefix(line, "--- FAIL") || strings.HasPrefix(line, "FAIL") {
			return nil, fmt.Errorf("the benchmarks failed: %s", line)
		}
		m := result.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := pkg + " " + m[1]
		i := slices.IndexFunc(groups, func(g *group) bool { return g.name == name })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{name: name})
		}
		if err := groups[i].add(m[2], strings.Fields(m[3])); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return groups, lines.Err()
}

// add appends one round of a variant: pairs of value and unit.
func (g *group) add(name string, pairs []string) error {
	v := g.variant(name)
	if v == nil {
		v = &variant{name: name, values: map[string][]float64{}}
		g.variants = append(g.variants, v)
	}
	for pair := range slices.Chunk(pairs, 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil || len(pair) != 2 {
			return fmt.Errorf("no value and unit: %q", pair)
		}
		v.values[pair[1]] = append(v.values[pair[1]], value)
	}
	return nil
}

func (g *group) print(w io.Writer, base *variant) {
	fmt.Fprintf(w, "\n%s (%d rounds)\n", g.name, len(base.values["ns/op"]))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tns/op\tB/op\tallocs/op\ttocsin is\t(lowest .. highest)\t")
	for _, v := range g.variants {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t", v.name, v.median("ns/op"), v.median("B/op"), v.median("allocs/op"))
		if r := ratios(base, v); v != base && len(r) > 0 {
			fmt.Fprintf(table, "%.3f x\t(%.3f .. %.3f)\t", middle(r), slices.Min(r), slices.Max(r))
		}
		fmt.Fprintln(table)
	}
	table.Flush() //nolint:errcheck // a broken pipe ends the program anyway
}

func (v *variant) median(unit string) string {
	values := v.values[unit]
	if len(values) == 0 {
		return "-"
	}
	return strconv.FormatFloat(middle(values), 'f', -1, 64)
}

// ratios returns base's time over v's, round by round.
func ratios(base, v *variant) []float64 {
	a, b := base.values["ns/op"], v.values["ns/op"]
	var all []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			all = append(all, a[i]/b[i])
		}
	}
	return all
}

// middle returns the median of values, which must not be empty.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
