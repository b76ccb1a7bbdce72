package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
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
	if value, err = readValue(path); err != nil {
		return "", origin, UsageError{fmt.Errorf("%s: %w", origin, err)}
	}
	return value, origin, nil
}

// readValue reads a file, without the line end that editors add.
func readValue(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", WithoutPath(err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return "", WithoutPath(err)
	}
	v := strings.TrimRight(string(b), "\r\n")
	if v == "" || len(b) > MaxFile {
		return "", fmt.Errorf("the file is empty or longer than %d bytes", MaxFile)
	}
	return v, nil
}

// WithoutPath returns the cause of an error of package os: the path may be a
// secret that was put in its place.
func WithoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
