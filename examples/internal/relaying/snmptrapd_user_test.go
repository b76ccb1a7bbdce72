package relaying

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// users are one for each level of security and each protocol.
func users() []snmptrap.User {
	const auth, priv = "auth-hush-word", "priv-hush-word"
	return []snmptrap.User{
		{Name: "plain"},
		{Name: "sha", Auth: "SHA", AuthPassword: auth},
		{Name: "sha224", Auth: "SHA224", AuthPassword: auth},
		{Name: "sha384", Auth: "SHA384", AuthPassword: auth},
		{Name: "shaaes", Auth: "SHA", AuthPassword: auth, Priv: "AES", PrivPassword: priv},
		{Name: "sha256aes192", Auth: "SHA256", AuthPassword: auth, Priv: "AES192", PrivPassword: priv},
		{Name: "sha512aes256", Auth: "SHA512", AuthPassword: auth, Priv: "AES256", PrivPassword: priv},
	}
}

// engineOf is the engine ID of the program that sends as one of the users. Each has
// its own: a receiver counts the starts of an engine and not those of a user.
func engineOf(i int) string { return fmt.Sprintf("80007ed90501020304050607%02x", i) }

// createUsers returns the configuration of snmptrapd for the users, of the engines
// of senders of traps or, for informs, of its own.
func createUsers(traps bool) (lines []string) {
	for i, u := range users() {
		line, level := "createUser "+u.Name, "noauth"
		if traps {
			line = "createUser -e 0x" + engineOf(i) + " " + u.Name
		}
		if u.Auth != "" {
			line, level = line+" "+u.Auth+" "+u.AuthPassword, "auth"
		}
		if u.Priv != "" {
			line, level = line+" "+u.Priv+" "+u.PrivPassword, "priv"
		}
		lines = append(lines, line, "authUser log,execute "+u.Name+" "+level)
	}
	return append(lines, "authCommunity log ready")
}

// newUserSender returns a Sender of a user.
func newUserSender(t *testing.T, addr string, u snmptrap.User, in *snmptrap.Inform) *snmptrap.Sender {
	t.Helper()
	s, err := snmptrap.New([]string{addr}, "", testOID, &snmptrap.Options{User: &u, Inform: in})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Traps at each level reach the real receiver, also when the sender starts again
// with the same engine file.
func TestRealSnmptrapdUserTraps(t *testing.T) {
	t.Parallel()
	addr := freeUDP(t)
	log, _ := startSnmptrapdAt(t, addr, createUsers(true)...)
	for i, u := range users() {
		u.EngineID, u.EngineFile = engineOf(i), filepath.Join(t.TempDir(), "engine")
		for start := range 3 {
			require.NoError(t, newUserSender(t, addr, u, nil).Send(t.Context(), marked(i, start)))
			log.Await(t, fmt.Sprintf(`alert<%d/%d>`, i, start))
		}
		// The clock has gone back.
		require.NoError(t, os.WriteFile(u.EngineFile, []byte(engineOf(i)+" 1 99999999999\n"), 0o600))
		require.NoError(t, newUserSender(t, addr, u, nil).Send(t.Context(), marked(i, 3)))
		log.Await(t, fmt.Sprintf(`alert<%d/3>`, i))
	}
}

// Informs at each level are acknowledged, after a restart of the receiver in the
// middle too, which has another number of starts and another time then.
func TestRealSnmptrapdUserInforms(t *testing.T) {
	t.Parallel()
	addr := freeUDP(t)
	lines := createUsers(false)
	log, kill := startSnmptrapdAt(t, addr, lines...)
	var senders []*snmptrap.Sender
	for i, u := range users() {
		s := newUserSender(t, addr, u, &snmptrap.Inform{Timeout: 5 * time.Second})
		acks, err := s.Inform(alert.Once(t.Context()), marked(i, 0))
		require.NoError(t, err, u)
		require.LessOrEqual(t, acks[0].Attempts, 3, "the engine, its clock, the inform")
		log.Await(t, fmt.Sprintf(`alert<%d/0>`, i))
		require.NoError(t, s.Send(alert.Once(t.Context()), marked(i, 1), marked(i, 2)))
		senders = append(senders, s)
	}
	kill()
	log, _ = startSnmptrapdAt(t, addr, lines...)
	for i, s := range senders {
		require.NoError(t, s.Send(alert.Once(t.Context()), marked(i, 3)))
		log.Await(t, fmt.Sprintf(`alert<%d/3>`, i))
	}
}

// What the receiver has against a user is said.
func TestRealSnmptrapdUserRefused(t *testing.T) {
	t.Parallel()
	addr := freeUDP(t)
	startSnmptrapdAt(t, addr, createUsers(false)...)
	for _, tt := range []struct {
		user snmptrap.User
		want string
	}{
		{snmptrap.User{Name: "nobody"}, "the receiver does not know the user"},
		{snmptrap.User{Name: "sha", Auth: "SHA", AuthPassword: "another-hush-word"}, "the receiver has another password or protocol of authentication for the user"},
		{snmptrap.User{Name: "shaaes", Auth: "SHA", AuthPassword: "auth-hush-word", Priv: "AES", PrivPassword: "another-hush-word"}, ""},
	} {
		err := newUserSender(t, addr, tt.user, &snmptrap.Inform{Timeout: time.Second, Retries: -1}).Send(t.Context(), marked(0, 0))
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.ErrorContains(t, err, tt.want)
		require.NotContains(t, err.Error(), "hush")
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", tt.user, tt.user, tt.user), "hush")
	}
}
