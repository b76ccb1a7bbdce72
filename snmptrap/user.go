package snmptrap

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"
)

// A User is that of SNMPv3 (RFC 3414). Nothing of it prints but the name.
type User struct {
	Name string

	// Auth is the protocol of authentication: SHA, SHA224, SHA256, SHA384 or
	// SHA512; empty for none. AuthPassword has at least 8 octets.
	Auth         string
	AuthPassword string `json:"-"`

	// Priv is the protocol of encryption, which needs Auth: AES, AES192 or AES256
	// with keys as net-snmp extends them, AES192C or AES256C as Cisco does; empty
	// for none. PrivPassword has at least 8 octets.
	Priv         string
	PrivPassword string `json:"-"`

	// EngineID is that of the sender in hexadecimal, 5 to 32 octets. Receivers
	// of traps, not of informs, have to be told it: in snmptrapd.conf
	// "createUser -e 0x…". Default is the one in EngineFile.
	EngineID string

	// EngineFile keeps the engine ID, which is made up at first, and notices a
	// clock that went back: receivers drop traps of an engine whose clock does,
	// unless it has started anew. Programs may share it.
	EngineFile string
}

// String returns the name.
func (u User) String() string { return "SNMPv3 user " + u.Name }

// GoString returns the name.
func (u User) GoString() string { return u.String() }

// LogValue returns the name.
func (u User) LogValue() slog.Value { return slog.StringValue(u.String()) }

// security returns the user as gosnmp has it, and the level.
func (u *User) security() (*gosnmp.UsmSecurityParameters, gosnmp.SnmpV3MsgFlags, error) {
	sp := &gosnmp.UsmSecurityParameters{
		UserName: u.Name, AuthenticationProtocol: gosnmp.NoAuth, AuthenticationPassphrase: u.AuthPassword,
		PrivacyProtocol: gosnmp.NoPriv, PrivacyPassphrase: u.PrivPassword,
	}
	level := gosnmp.NoAuthNoPriv
	known := false
	if u.Auth != "" {
		level = gosnmp.AuthNoPriv
		sp.AuthenticationProtocol, known = map[string]gosnmp.SnmpV3AuthProtocol{
			"SHA": gosnmp.SHA, "SHA224": gosnmp.SHA224, "SHA256": gosnmp.SHA256, "SHA384": gosnmp.SHA384, "SHA512": gosnmp.SHA512,
		}[strings.ReplaceAll(strings.ToUpper(u.Auth), "-", "")]
		if !known {
			return nil, 0, errors.New("snmptrap: user: unknown Auth, want SHA, SHA224, SHA256, SHA384 or SHA512")
		}
	}
	if u.Priv != "" {
		level = gosnmp.AuthPriv
		sp.PrivacyProtocol, known = map[string]gosnmp.SnmpV3PrivProtocol{
			"AES": gosnmp.AES, "AES128": gosnmp.AES, "AES192": gosnmp.AES192, "AES256": gosnmp.AES256,
			"AES192C": gosnmp.AES192C, "AES256C": gosnmp.AES256C,
		}[strings.ReplaceAll(strings.ToUpper(u.Priv), "-", "")]
		if !known {
			return nil, 0, errors.New("snmptrap: user: unknown Priv, want AES, AES192, AES256, AES192C or AES256C")
		}
	}
	switch {
	case u.Name == "" || len(u.Name) > 32:
		return nil, 0, errors.New("snmptrap: user: the name has 1 to 32 octets")
	case u.Priv != "" && u.Auth == "":
		return nil, 0, errors.New("snmptrap: user: Priv needs Auth")
	case (u.Auth == "") != (u.AuthPassword == "") || (u.Priv == "") != (u.PrivPassword == ""):
		return nil, 0, errors.New("snmptrap: user: a password without a protocol, or a protocol without a password")
	case u.Auth != "" && len(u.AuthPassword) < 8 || u.Priv != "" && len(u.PrivPassword) < 8:
		return nil, 0, errors.New("snmptrap: user: a password has at least 8 octets (RFC 3414 section 11.2)")
	}
	return sp, level, nil
}

// engineEpoch is when the clocks of engines stand at zero, in Unix time: they go on
// over restarts, and are the same in a program that sends a test beside another.
const engineEpoch = 1577836800 // 2020-01-01

// engine returns the engine ID of the sender, how often it has started, which is
// once more when the clock has gone back, and its clock.
func (u *User) engine() (id string, starts, clock uint32, err error) {
	now := time.Now().Unix()
	word := strings.TrimPrefix(strings.ToLower(u.EngineID), "0x")
	starts = 1
	if u.EngineFile != "" {
		text, err := os.ReadFile(u.EngineFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", 0, 0, fmt.Errorf("snmptrap: engine file: %w", err)
		}
		kept, last := "", int64(0)
		if len(text) > 0 {
			if _, err := fmt.Sscanf(string(text), "%64s %d %d\n", &kept, &starts, &last); err != nil {
				return "", 0, 0, errors.New("snmptrap: engine file: it does not hold an engine ID and two numbers")
			}
		}
		if word = cmp.Or(word, kept); word == "" {
			random := make([]byte, 8)
			_, _ = rand.Read(random) // it never fails
			word = "80007ed905" + hex.EncodeToString(random)
		}
		switch {
		case word != kept:
			starts = 1
		case now < last:
			starts++
		}
		if err := replaceFile(u.EngineFile, fmt.Sprintf("%s %d %d\n", word, starts, now)); err != nil {
			return "", 0, 0, fmt.Errorf("snmptrap: engine file: %w", err)
		}
	}
	octets, err := hex.DecodeString(word)
	if err != nil || word != "" && (len(octets) < 5 || len(octets) > 32) {
		return "", 0, 0, errors.New("snmptrap: the engine ID is not hexadecimal of 5 to 32 octets")
	}
	return string(octets), starts, uint32(max(now-engineEpoch, 0)), nil
}

// replaceFile writes a file so that it is never half written.
func replaceFile(name, text string) error {
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
