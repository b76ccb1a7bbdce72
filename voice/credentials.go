package voice

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// Credentials say who asks BlueKing. They are sent in the header
// X-Bkapi-Authorization, never in a body, which others log. Printing them shows
// the name of the type.
type Credentials struct {
	AppCode   string // required
	AppSecret string // required
	Username  string // on whose behalf, for apps that need no login
	Token     string // bk_token of a person who is logged in; instead of Username
}

// header returns the value of X-Bkapi-Authorization.
func (c Credentials) header() (string, error) {
	fields := []struct{ key, value string }{
		{"bk_app_code", strings.TrimSpace(c.AppCode)}, {"bk_app_secret", strings.TrimSpace(c.AppSecret)},
		{"bk_username", strings.TrimSpace(c.Username)}, {"bk_token", strings.TrimSpace(c.Token)},
	}
	values := make(map[string]string, len(fields))
	for i, f := range fields {
		switch {
		case f.value == "" && i < 2:
			return "", fmt.Errorf("%s is empty", f.key)
		case strings.ContainsFunc(f.value, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }):
			return "", fmt.Errorf("%s holds other than visible ASCII", f.key)
		case f.value != "":
			values[f.key] = f.value
		}
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return "", errors.New("the credentials cannot be encoded")
	}
	return string(encoded), nil
}

// secrets returns what must not be repeated to anybody.
func (c Credentials) secrets() []secret.Text {
	const least = 4 // shorter ones would be found everywhere
	var all []secret.Text
	for _, s := range []string{c.AppSecret, c.Token} {
		if s = strings.TrimSpace(s); len(s) >= least {
			all = append(all, secret.New(s))
		}
	}
	return all
}

// Format prints the name of the type for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "voice.Credentials") }

// LogValue returns the name of the type.
func (c Credentials) LogValue() slog.Value { return slog.StringValue("voice.Credentials") }

// MarshalText returns the name of the type.
func (c Credentials) MarshalText() ([]byte, error) { return []byte("voice.Credentials"), nil }
