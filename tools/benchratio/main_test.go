package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	const alone = "pkg: example.com/wecom\nBenchmarkSend-2  10  100 ns/op\nBenchmarkSend/floor-2  10  100 ns/op\n"
	tests := []struct {
		name, input, want, err string
	}{
		{
			name: "ratios are formed within a round",
			input: "goos: linux\npkg: example.com/wecom\n" +
				"BenchmarkSend/floor-2   10  100 ns/op  8 B/op  1 allocs/op\n" +
				"BenchmarkSend/tocsin-2  10  110 ns/op  16 B/op  2 allocs/op\n" +
				"BenchmarkSend/floor-2   10  200 ns/op  8 B/op  1 allocs/op\n" +
				"BenchmarkSend/tocsin-2  10  240 ns/op  16 B/op  2 allocs/op\n" +
				"BenchmarkSend/floor-2   10  400 ns/op  8 B/op  1 allocs/op\n" +
				"BenchmarkSend/tocsin-2  10  400 ns/op  16 B/op  2 allocs/op\n" +
				"PASS\nok  \texample.com/wecom\t1.0s\n",
			want: "\nwecom Send (3 rounds)\n" +
				"          ns/op  B/op  allocs/op  tocsin is  (lowest .. highest)\n" +
				"   floor    200     8          1    1.100 x     (1.000 .. 1.200)\n" +
				"  tocsin    240    16          2\n",
		},
		{
			name: "one processor, a deeper name, no memory figures",
			input: "pkg: example.com/aliyun\n" +
				"BenchmarkParse/event/tocsin  10  50 ns/op\nBenchmarkParse/event/map  10  100 ns/op\n",
			want: "\naliyun Parse/event (1 rounds)\n" +
				"          ns/op  B/op  allocs/op  tocsin is  (lowest .. highest)\n" +
				"  tocsin     50     -          -\n" +
				"     map    100     -          -  0.500 x  (0.500 .. 0.500)\n",
		},
		{name: "nothing to compare", input: alone, err: "no benchmark has"},
		{name: "failed", input: "--- FAIL: TestX\n" + alone, err: "the benchmarks failed"},
		{name: "broken line", input: "BenchmarkSend/tocsin 10 100 ns/op 7\n", err: "no value and unit"},
		{name: "empty", err: "no benchmark has"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := run(strings.NewReader(tt.input), &out)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if got := trim(out.String()); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// trim removes the blanks with which tabwriter fills lines at their end.
func trim(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
