package outbox

import (
	"context"
	"io"

	"github.com/tocsin-go/tocsin/alert"
)

// Encode, Decode, ReadOrder and ErrorText are the ways in and out of the store.
func Encode(a *alert.Alert) ([]byte, error) {
	l, err := encode(a)
	return l.doc, err
}

func Decode(doc []byte) (alert.Alert, error) { return decode(doc) }

func ReadOrder(r io.Reader) ([]int64, error) { return readOrder(r) }

func ErrorText(err error) string { return errorText(err) }

// MaxErrorText is the most bytes of ErrorText.
const MaxErrorText = maxErrorText

// A Gate is a gate for parcels of nothing but their number.
type Gate struct{ gate gate }

// NewGate returns a Gate.
func NewGate() *Gate { return &Gate{newGate()} }

// Pass passes n letters.
func (g *Gate) Pass(ctx context.Context, n int, commit func(ctx context.Context, n int) error) error {
	return g.gate.pass(ctx, make([]letter, n), func(ctx context.Context, letters []letter) error { return commit(ctx, len(letters)) })
}
