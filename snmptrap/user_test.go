package snmptrap_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

const (
	authWord = "auth-hush-word"
	privWord = "priv-hush-word"
)

// someUser is a user of the highest level.
func someUser() snmptrap.User {
	return snmptrap.User{
		Name: "tocsin", Auth: "SHA-256", AuthPassword: authWord, Priv: "AES", PrivPassword: privWord, EngineID: "0x80007ed905010203",
	}
}

func TestUserRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*snmptrap.User)
		want   string
	}{
		{"no name", func(u *snmptrap.User) { u.Name = "" }, "the name has 1 to 32 octets"},
		{"long name", func(u *snmptrap.User) { u.Name = strings.Repeat("n", 33) }, "the name has 1 to 32 octets"},
		{"MD5", func(u *snmptrap.User) { u.Auth = "MD5" }, "unknown Auth"},
		{"DES", func(u *snmptrap.User) { u.Priv = "DES" }, "unknown Priv"},
		{"no password", func(u *snmptrap.User) { u.AuthPassword = "" }, "a protocol without a password"},
		{"no protocol", func(u *snmptrap.User) { u.Priv = "" }, "a password without a protocol"},
		{"short password", func(u *snmptrap.User) { u.PrivPassword = "hush" }, "at least 8 octets"},
		{"encryption alone", func(u *snmptrap.User) { u.Auth, u.AuthPassword = "", "" }, "Priv needs Auth"},
		{"engine", func(u *snmptrap.User) { u.EngineID = "80007e" }, "the engine ID is not hexadecimal of 5 to 32 octets"},
		{"engine that is no number", func(u *snmptrap.User) { u.EngineID = "hush" }, "the engine ID is not"},
		{"no engine for traps", func(u *snmptrap.User) { u.EngineID = "" }, "set User.EngineFile"},
		{"no directory", func(u *snmptrap.User) { u.EngineFile = "/no/such/directory/engine" }, "engine file: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := someUser()
			tt.change(&u)
			_, err := snmptrap.New([]string{"nms"}, "", testBase, &snmptrap.Options{User: &u})
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	u := someUser()
	_, err := snmptrap.New([]string{"nms"}, "c0mmunity", testBase, &snmptrap.Options{User: &u})
	require.ErrorContains(t, err, "a user and no community")
	_, err = snmptrap.New([]string{"nms"}, "", testBase, &snmptrap.Options{User: &u, MaxSize: 703})
	require.ErrorContains(t, err, "too small for SNMPv3")
	_, err = snmptrap.NewEncoder("c0mmunity", testBase, &snmptrap.Options{User: &u})
	require.ErrorContains(t, err, "cannot encode for SNMPv3")
	text, err := json.Marshal(u)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", u, u, &u, text), "hush")
}

// The file keeps an engine ID that was made up, and counts a start when the clock
// has gone back.
func TestEngineFile(t *testing.T) {
	t.Parallel()
	u := someUser()
	u.EngineID, u.EngineFile = "", filepath.Join(t.TempDir(), "engine")
	start := func() (id, count string) {
		s, err := snmptrap.New([]string{"nms"}, "", testBase, &snmptrap.Options{User: &u})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		text, err := os.ReadFile(u.EngineFile)
		require.NoError(t, err)
		words := strings.Fields(string(text))
		require.Len(t, words, 3)
		return words[0], words[1]
	}
	id, count := start()
	octets, err := hex.DecodeString(id)
	require.NoError(t, err)
	require.Len(t, octets, 13)
	require.Equal(t, "1", count)
	again, count := start()
	require.Equal(t, []string{id, "1"}, []string{again, count}, "the clock goes on")
	require.NoError(t, os.WriteFile(u.EngineFile, []byte(id+" 7 99999999999\n"), 0o600))
	again, count = start()
	require.Equal(t, []string{id, "8"}, []string{again, count}, "the clock has gone back")
	u.EngineID = "80007ed90501020304"
	again, count = start()
	require.Equal(t, []string{u.EngineID, "1"}, []string{again, count}, "another engine")
	require.NoError(t, os.WriteFile(u.EngineFile, []byte("80007ed90501020304 x"), 0o600))
	_, err = snmptrap.New([]string{"nms"}, "", testBase, &snmptrap.Options{User: &u})
	require.ErrorContains(t, err, "it does not hold an engine ID and two numbers")
}

// gosnmp's listener reads a trap of the highest level, and one of the greatest size
// fits MaxSize.
func TestUserTrap(t *testing.T) {
	t.Parallel()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	u := someUser()
	s, err := snmptrap.New([]string{conn.LocalAddr().String()}, "", testBase, &snmptrap.Options{User: &u})
	require.NoError(t, err)
	defer s.Close()
	reader := &gosnmp.GoSNMP{
		Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthPriv,
		SecurityParameters: &gosnmp.UsmSecurityParameters{
			UserName: u.Name, AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: authWord,
			PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: privWord, AuthoritativeEngineID: "\x80\x00\x7e\xd9\x05\x01\x02\x03",
		},
	}
	seen := map[string]bool{}
	for _, a := range []alert.Alert{usual(), {Name: strings.Repeat("n", 300), Summary: strings.Repeat("磁", 2000)}} {
		require.NoError(t, s.Send(t.Context(), a))
		buf := make([]byte, 1<<16)
		n, _, err := conn.ReadFrom(buf)
		require.NoError(t, err)
		require.LessOrEqual(t, n, 1472)
		require.NotContains(t, string(buf[:n]), a.Name, "it is encrypted")
		p, err := reader.UnmarshalTrap(buf[:n], false)
		require.NoError(t, err)
		require.Len(t, p.Variables, 12)
		sp := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
		require.False(t, seen[string(sp.PrivacyParameters)], "another salt each time")
		seen[string(sp.PrivacyParameters)] = true
	}
}

// Whatever comes back to a user, the reader lives, and nothing that is not signed
// counts as an answer.
func FuzzUserAnswers(f *testing.F) {
	f.Add(golden(f, "netsnmp-inform-response.hex"))
	f.Add([]byte("\x30\x10\x02\x01\x03\x30\x0b\x02\x01\x01\x02\x02\x05\xdc\x04\x01\x00\x02\x01\x03"))
	conn, err := new(net.ListenConfig).ListenPacket(f.Context(), "udp", "127.0.0.1:0")
	require.NoError(f, err)
	f.Cleanup(func() { _ = conn.Close() })
	f.Fuzz(func(t *testing.T, datagram []byte) {
		if len(datagram) > 60000 {
			return
		}
		u := snmptrap.User{Name: "tocsin", Auth: "SHA", AuthPassword: authWord}
		s, err := snmptrap.New([]string{conn.LocalAddr().String()}, "", testBase, &snmptrap.Options{
			User: &u, Inform: &snmptrap.Inform{Timeout: 5 * time.Millisecond, Retries: -1},
		})
		require.NoError(t, err)
		go func() {
			_, from, err := conn.ReadFrom(make([]byte, 2000))
			if err == nil {
				_, _ = conn.WriteTo(datagram, from)
			}
		}()
		require.ErrorIs(t, s.Send(t.Context(), named("a")), alert.ErrUncertain)
		require.NoError(t, s.Close())
	})
}
