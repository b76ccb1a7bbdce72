package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/private"
)

// EnvPrefix stands before the name of every setting in the environment.
const EnvPrefix = "TOCSIN_"

// MaxFile bounds a file that holds one value, in bytes.
const MaxFile = 64 << 10

// EnvName returns the name in the environment of the setting with a name:
// TOCSIN_WECOM_URL for wecom-url.
func EnvName(setting string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// Lookup returns the value of a variable, or else what stands in the file that
// its twin NAME_FILE names, and the name of the variable that decided; "" if
// neither is set. An empty variable counts as not set. Errors begin with
// NAME_FILE and quote neither value nor path: the secret itself may have been
// put there.
func Lookup(getenv func(string) string, name string) (value, origin string, err error) {
	if v := getenv(name); v != "" {
		return v, name, nil
	}
	origin = name + "_FILE"
	path := getenv(origin)
	if path == "" {
		return "", "", nil
	}
	if value, err = readValue(origin, path); err != nil {
		return "", origin, UsageError{fmt.Errorf("%s: %w", origin, err)}
	}
	return value, origin, nil
}

// readValue reads a file, without the line end that editors add.
func readValue(origin, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", WithoutPath(err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return "", WithoutPath(err)
	}
	if len(b) > MaxFile {
		return "", fmt.Errorf("the file is longer than %d bytes", MaxFile)
	}
	text, err := Decode(b)
	if err != nil {
		return "", err
	}
	v := strings.TrimRight(text, "\r\n")
	if v == "" {
		return "", errors.New("the file is empty")
	}
	if info, err := f.Stat(); err == nil {
		WarnIfReadable(origin, info)
	}
	return v, nil
}

// WarnIfReadable warns on the standard error that others can read the file with a
// secret that a setting named.
func WarnIfReadable(origin string, info fs.FileInfo) {
	if err := private.Readable(info); err != nil && info.Mode().IsRegular() {
		fmt.Fprintf(os.Stderr, "warning: %s: %v\n", origin, err)
	}
}

// Decode returns the text of a file in UTF-8, without the byte order mark that
// Windows' editors put before it. It refuses all other encodings: a secret in one
// would be sent as bytes that nobody typed.
func Decode(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.IndexByte(b, 0) >= 0:
		return "", errors.New("the file is in UTF-16: save it as UTF-8")
	case !utf8.Valid(b):
		return "", errors.New("the file is not in UTF-8: save it as UTF-8")
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

// Weak reports whether a token is easily guessed, however long it is: few characters
// that differ, a shorter text repeated, or a row such as 0123456789 or abcdefgh alone.
func Weak(token string) bool {
	distinct := make(map[byte]bool)
	steps := make(map[int]bool)
	for i := range len(token) {
		if distinct[token[i]] = true; i > 0 {
			steps[int(token[i])-int(token[i-1])] = true
		}
	}
	repeated := token != "" && strings.Index((token + token)[1:], token) < len(token)-1
	return len(distinct) < 5 || len(steps) < 4 || repeated
}

// WithoutPath returns the cause of an error of package os: the path may be a
// secret that was put in its place.
func WithoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
