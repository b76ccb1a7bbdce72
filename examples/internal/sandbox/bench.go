package sandbox

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// A bench is what the stand-ins take for a test: they were made for tests, and
// here they serve a person. It ends when it is closed.
type bench struct {
	testing.TB // nil: what is not below is not needed by them

	ends []func()
}

// mishap is what a stand-in ends a test with.
type mishap struct{ text string }

func (m mishap) Error() string { return m.text }

// newBench gives a bench to a function that starts stand-ins, and returns what
// that failed with.
func newBench(start func(*bench)) (b *bench, err error) {
	b = &bench{}
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		m, ok := v.(mishap)
		if !ok {
			panic(v)
		}
		b.close()
		b, err = nil, m
	}()
	start(b)
	return b, nil
}

// close does what tests do at their end.
func (b *bench) close() {
	for _, end := range slices.Backward(b.ends) {
		end()
	}
	b.ends = nil
}

func (b *bench) Helper()                           {}
func (b *bench) Cleanup(f func())                  { b.ends = append(b.ends, f) }
func (b *bench) Context() context.Context          { return context.Background() }
func (b *bench) Errorf(string, ...any)             {} // of a listener that collects what is wrong
func (b *bench) Fatal(args ...any)                 { panic(mishap{fmt.Sprint(args...)}) }
func (b *bench) Fatalf(format string, args ...any) { panic(mishap{fmt.Sprintf(format, args...)}) }
