package voice

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// A Callee is somebody to call. Gateways that look numbers up need the User,
// the others the Number. It prints as "alice 138******01".
type Callee struct {
	User   string // name of the person at the gateway, such as a login
	Number Number
}

// String returns the name and the masked number. A name that is itself a
// telephone number is masked as well.
func (c Callee) String() string {
	name := markup.OneLine(c.User, maxName)
	if phone.Looks(name) {
		name = phone.Mask(name)
	}
	switch {
	case c.Number.IsZero():
		return name
	case name == "" || name == c.Number.String():
		return c.Number.String()
	}
	return name + " " + c.Number.String()
}

// Format prints what String returns for every verb.
func (c Callee) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String returns.
func (c Callee) LogValue() slog.Value { return slog.StringValue(c.String()) }

// distinct returns the callees without those who would ring a phone a second
// time, and for each of the callees the index of whoever stands for it. Who
// has no number is known by the user name.
func distinct(callees []Callee) (unique []Callee, at []int) {
	seen := make(map[string]int, len(callees))
	at = make([]int, len(callees))
	for i, c := range callees {
		key := "number " + c.Number.Reveal()
		if c.Number.IsZero() {
			key = "user " + strings.TrimSpace(c.User)
		}
		k, known := seen[key]
		if !known {
			k = len(unique)
			seen[key] = k
			unique = append(unique, c)
		}
		at[i] = k
	}
	return unique, at
}
