package pigeon_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// faultOf returns one of the ways in which an exchange fails; nil is none.
func faultOf(b byte) *pigeontest.Failure {
	faults := []pigeontest.Failure{
		pigeontest.Unreachable(), pigeontest.Reset(), pigeontest.ResetAfter(), pigeontest.Cut(), pigeontest.Hang(nil), pigeontest.HangAfter(nil),
		pigeontest.HTML(429), pigeontest.RetryAfter(429, "3"), pigeontest.RetryAfter(429, "86400"), pigeontest.HTML(425),
		pigeontest.HTML(400), pigeontest.HTML(401), pigeontest.HTML(404), pigeontest.HTML(302), pigeontest.HTML(501),
		pigeontest.HTML(500), pigeontest.Instead(pigeontest.HTML(500)), pigeontest.RetryAfter(503, "1"), pigeontest.Instead(pigeontest.RetryAfter(503, "1")),
		pigeontest.HTML(408), pigeontest.Instead(pigeontest.HTML(408)), pigeontest.HTML(200), pigeontest.Instead(pigeontest.HTML(200)),
		pigeontest.Instead(pigeontest.Reply(200, `{"status":"requested"}`)), pigeontest.Instead(pigeontest.Reply(201, `null`)),
		pigeontest.Instead(pigeontest.Reply(200, `{"status":"started","resultId":"x"}`)), pigeontest.Reply(200, `{"status":"rejected"}`),
	}
	if int(b)%(len(faults)+1) == len(faults) {
		return nil
	}
	return &faults[int(b)%(len(faults)+1)]
}

// neverTwice sends under a script of failures for as long as the errors say
// that it may, as a queue does, and checks what the errors claim.
func neverTwice(t *testing.T, script []byte, once bool) {
	synctest.Test(t, func(t *testing.T) {
		sender, server := newSender(t, plan(), nil)
		for _, b := range script {
			if f := faultOf(b); f != nil {
				server.Fail(*f)
			}
		}
		ctx := t.Context()
		if once {
			ctx = alert.Once(ctx)
		}
		for range len(script) + 2 {
			err := sender.Send(ctx, full())
			uncertain := errors.Is(err, alert.ErrUncertain)
			require.LessOrEqual(t, server.Placed(), 1, "%v: %v", script, err)
			switch {
			case err == nil:
				require.Equal(t, 1, server.Placed(), "%v: nil means that a chain was placed", script)
				return
			case !uncertain:
				require.Zero(t, server.Placed(), "%v: an error that is certain means that none was: %v", script, err)
			case alert.Retryable(err):
				require.FailNow(t, "uncertain and retryable", "%v: %v", script, err)
			}
			if !alert.Retryable(err) {
				return
			}
			<-time.After(alert.RetryAfter(err))
		}
		require.FailNow(t, "no end", "%v", script)
	})
}

// TestNeverTwice tries every failure alone, each pair, and longer rows by
// chance.
func TestNeverTwice(t *testing.T) {
	t.Parallel()
	const kinds = 28
	require.Nil(t, faultOf(kinds-1))
	require.NotNil(t, faultOf(kinds))
	for a := range byte(kinds) {
		neverTwice(t, []byte{a}, a%2 == 0)
		for b := range byte(kinds) {
			neverTwice(t, []byte{a, b}, b%2 == 0)
		}
	}
	chance := rand.New(rand.NewPCG(1, 2)) // the same each time
	for range 300 {
		script := make([]byte, 3+chance.IntN(6))
		for i := range script {
			script[i] = byte(chance.IntN(kinds))
		}
		neverTwice(t, script, chance.IntN(2) == 0)
	}
}

func FuzzNeverTwice(f *testing.F) {
	f.Add([]byte{0, 7, 2}, true)
	f.Add([]byte{6, 0, 18, 27}, false)
	f.Fuzz(func(t *testing.T, script []byte, once bool) {
		neverTwice(t, script[:min(len(script), 12)], once)
	})
}

// TestHeldContacts leaves out of a chain who must not be rung.
func TestHeldContacts(t *testing.T) {
	t.Parallel()
	ring, err := alert.NewRinger(&alert.RingPolicy{Window: -1, Block: []string{"+81 90-0000-0001"}})
	require.NoError(t, err)
	p := inline()
	p.Guidance.Text, p.Parameters = "{{text}}", nil
	sender, server := newSender(t, p, &pigeon.SenderOptions{Ring: ring})
	for i := range 3 {
		require.NoError(t, sender.Send(t.Context(), alert.Alert{ID: strconv.Itoa(i)}))
		require.NotContains(t, string(server.Chains()[i].Body), number1)
		require.Contains(t, string(server.Chains()[i].Body), number2)
	}
	held, ok := errors.AsType[*alert.HeldError](sender.Send(t.Context(), alert.Alert{ID: "4"}))
	require.True(t, ok)
	require.Equal(t, alert.HeldByLimit, held.By)
}
