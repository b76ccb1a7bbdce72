package alert_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// An answer is an error that answers the questions.
type answer struct {
	retryable bool
	after     time.Duration
	cause     error
}

func (a answer) Error() string             { return fmt.Sprintf("answer %t %v", a.retryable, a.after) }
func (a answer) Retryable() bool           { return a.retryable }
func (a answer) RetryAfter() time.Duration { return a.after }
func (a answer) Unwrap() error             { return a.cause }

// A list is an error that cannot be compared.
type list []error

func (l list) Error() string   { return "list" }
func (l list) Unwrap() []error { return l }

func TestErrorQuestions(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	yes, no := answer{retryable: true, after: 3 * time.Second}, answer{after: time.Second}
	tests := []struct {
		name      string
		err       error
		retryable bool
		after     time.Duration
	}{
		{"nil", nil, false, 0},
		{"unknown", plain, true, 0},
		{"context", context.Canceled, true, 0},
		{"uncertain", alert.ErrUncertain, true, 0},
		{"yes", yes, true, 3 * time.Second},
		{"no", no, false, time.Second},
		{"wrapped", fmt.Errorf("w: %w", no), false, time.Second},
		{"outermost counts", answer{retryable: true, cause: no}, true, 0},
		{"negative wait", answer{after: -time.Second}, false, 0},
		{"joined, one leaf yes", errors.Join(no, yes), true, 3 * time.Second},
		{"joined, all no", errors.Join(no, no), false, time.Second},
		{"joined, unknown leaf", errors.Join(no, plain), true, time.Second},
		{"two verbs", fmt.Errorf("%w: %w", no, alert.ErrUncertain), true, time.Second},
		{"deep", fmt.Errorf("w: %w", errors.Join(no, fmt.Errorf("x: %w", errors.Join(no, yes)))), true, 3 * time.Second},
		{"partial", &alert.PartialError{Errs: []error{nil, no, nil}}, false, time.Second},
		{"nothing inside", list{}, true, 0},
		{"nil inside", list{nil, no}, false, time.Second},
		{"unwraps to nil", answer{}, false, 0},
		{"wraps nil", fmt.Errorf("w: %w", nil), true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.retryable, alert.Retryable(tt.err))
			require.Equal(t, tt.after, alert.RetryAfter(tt.err))
		})
	}
}

func TestErrorAt(t *testing.T) {
	t.Parallel()
	a, b, whole := errors.New("a"), errors.New("b"), errors.New("whole")
	partial := alert.Partial([]error{nil, a, nil})
	other := alert.Partial([]error{b, b, nil})
	tests := []struct {
		name string
		err  error
		want [3][]error // what the error for each alert matches; nil: accepted
	}{
		{"nil", nil, [3][]error{}},
		{"whole", whole, [3][]error{{whole}, {whole}, {whole}}},
		{"partial", partial, [3][]error{nil, {a}, nil}},
		{"wrapped", fmt.Errorf("x: %w", partial), [3][]error{nil, {a}, nil}},
		{"joined partials", errors.Join(partial, other), [3][]error{{b}, {a, b}, nil}},
		{"joined with whole", errors.Join(whole, partial), [3][]error{{whole}, {whole, a}, {whole}}},
		{"wrapped in joined", errors.Join(fmt.Errorf("x: %w", partial), fmt.Errorf("y: %w", other)), [3][]error{{b}, {a, b}, nil}},
		{"another length", alert.Partial([]error{nil, a}), [3][]error{{a}, {a}, {a}}},
		{"not comparable", list{partial, whole}, [3][]error{{whole}, {whole, a}, {whole}}},
		{"all accepted", &alert.PartialError{Errs: make([]error, 3)}, [3][]error{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for i, want := range tt.want {
				got := alert.ErrorAt(tt.err, i, 3)
				if want == nil {
					require.NoError(t, got)
				}
				for _, target := range []error{a, b, whole} {
					isWanted := false
					for _, w := range want {
						isWanted = isWanted || w == target //nolint:errorlint // identity is meant
					}
					require.Equal(t, isWanted, errors.Is(got, target), "alert %d, error %v", i, target)
				}
			}
		})
	}
}

// An error that does not split keeps its own text and identity.
func TestErrorAtKeepsWholeErrors(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("wecom: send: %w", errors.Join(errors.New("a"), errors.New("b")))
	require.Same(t, err, alert.ErrorAt(err, 0, 2))
	require.NotPanics(t, func() { _ = alert.ErrorAt(list{list{}}, 0, 2) })
	partial := alert.Partial([]error{errors.New("a"), nil})
	require.Same(t, partial, alert.ErrorAt(partial, 2, 2), "an index out of range gets the whole")
	require.Same(t, partial, alert.ErrorAt(partial, -1, 2))
}

func TestPartial(t *testing.T) {
	t.Parallel()
	require.NoError(t, alert.Partial(nil))
	require.NoError(t, alert.Partial(make([]error, 3)))
	a := errors.New("a")
	err := alert.Partial([]error{nil, a, alert.ErrUncertain})
	require.EqualError(t, err, "2 of 3 alerts failed: a")
	require.ErrorIs(t, err, a)
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.EqualError(t, &alert.PartialError{Errs: make([]error, 2)}, "0 of 2 alerts failed")
}
