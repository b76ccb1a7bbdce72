package snmptrap_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mib is an SMIv2 module, as far as the comparison with the encoder needs
// it.
type mib struct {
	imports map[string]string    // name to the module it comes from
	oids    map[string]string    // dotted, without a dot in front
	kinds   map[string]string    // OBJECT-TYPE and its like
	lists   map[string][]string  // OBJECTS or NOTIFICATIONS of a definition
	texts   map[string][]string  // strings of a definition, unquoted
	syntax  map[string]mibSyntax // of objects and textual conventions
	order   []string             // definitions as they stand in the file
}

// A mibSyntax is a type: a base, or a reference to a textual convention, with
// what narrows it.
type mibSyntax struct {
	base  string         // INTEGER, "OCTET STRING" or the name of a convention
	hint  string         // DISPLAY-HINT of a convention
	least int            // octets; both are 0 if there is no SIZE
	most  int            //
	words map[int]string // of an enumeration
}

// A mibReader takes a module's tokens one by one.
type mibReader struct {
	t      *testing.T
	tokens []string
}

// parseMIB reads a module. It knows the parts of SMIv2 that ours has, and
// fails the test at anything else.
func parseMIB(t *testing.T, text string) *mib {
	t.Helper()
	r := &mibReader{t: t, tokens: regexp.MustCompile(`"[^"]*"|--[^\n]*|::=|\.\.|[\w-]+|[^\s\w]`).FindAllString(text, -1)}
	kept := r.tokens[:0]
	for _, token := range r.tokens {
		if !strings.HasPrefix(token, "--") {
			kept = append(kept, token)
		}
	}
	r.tokens = kept
	m := &mib{
		imports: map[string]string{}, kinds: map[string]string{}, lists: map[string][]string{},
		texts: map[string][]string{}, syntax: map[string]mibSyntax{},
		oids: map[string]string{"enterprises": "1.3.6.1.4.1"},
	}
	r.want("TOCSIN-ALERT-MIB", "DEFINITIONS", "::=", "BEGIN", "IMPORTS")
	r.imports(m)
	for r.peek() != "END" {
		r.definition(m)
	}
	require.Len(t, r.tokens, 1, "nothing behind END")
	return m
}

func (r *mibReader) peek() string {
	require.NotEmpty(r.t, r.tokens, "the module ends too early")
	return r.tokens[0]
}

func (r *mibReader) next() string {
	token := r.peek()
	r.tokens = r.tokens[1:]
	return token
}

func (r *mibReader) want(tokens ...string) {
	r.t.Helper()
	for _, token := range tokens {
		require.Equal(r.t, token, r.next())
	}
}

func (r *mibReader) number() int {
	r.t.Helper()
	n, err := strconv.Atoi(r.next())
	require.NoError(r.t, err)
	return n
}

func (r *mibReader) imports(m *mib) {
	var names []string
	for r.peek() != ";" {
		switch token := r.next(); token {
		case ",":
		case "FROM":
			module := r.next()
			for _, name := range names {
				m.imports[name] = module
			}
			names = nil
		default:
			names = append(names, token)
		}
	}
	r.want(";")
	require.Empty(r.t, names)
}

// definition reads one, up to and with its value.
func (r *mibReader) definition(m *mib) {
	name := r.next()
	require.NotContains(r.t, m.kinds, name, "defined twice")
	m.order = append(m.order, name)
	kind := r.next()
	if kind == "::=" {
		r.want("TEXTUAL-CONVENTION")
		kind = "TEXTUAL-CONVENTION"
	}
	m.kinds[name] = kind
	for r.peek() != "::=" {
		switch token := r.next(); {
		case token == "SYNTAX":
			s := r.syntax()
			s.hint = m.syntax[name].hint
			m.syntax[name] = s
			if kind == "TEXTUAL-CONVENTION" {
				return
			}
		case token == "DISPLAY-HINT":
			m.syntax[name] = mibSyntax{hint: strings.Trim(r.next(), `"`)}
		case token == "OBJECTS" || token == "NOTIFICATIONS" || token == "MANDATORY-GROUPS":
			m.lists[name] = r.list()
		case token[0] == '"':
			m.texts[name] = append(m.texts[name], strings.Join(strings.Fields(strings.Trim(token, `"`)), " "))
		case token == "STATUS":
			require.Equal(r.t, "current", r.next(), "%s", name)
		case token == "MAX-ACCESS":
			require.Equal(r.t, "accessible-for-notify", r.next(), "%s", name)
		}
	}
	r.want("::=", "{")
	parent := r.next()
	require.Contains(r.t, m.oids, parent, "%s stands under a name not yet defined", name)
	m.oids[name] = m.oids[parent]
	for r.peek() != "}" {
		m.oids[name] += "." + strconv.Itoa(r.number())
	}
	r.want("}")
}

// list reads names in braces.
func (r *mibReader) list() (names []string) {
	r.want("{")
	for {
		names = append(names, r.next())
		if r.peek() == "}" {
			r.want("}")
			return names
		}
		r.want(",")
	}
}

func (r *mibReader) syntax() (s mibSyntax) {
	if s.base = r.next(); s.base == "OCTET" {
		r.want("STRING")
		s.base = "OCTET STRING"
	}
	switch r.peek() {
	case "(":
		r.want("(", "SIZE", "(")
		s.least = r.number()
		s.most = s.least
		if r.peek() == ".." {
			r.want("..")
			s.most = r.number()
		}
		r.want(")", ")")
	case "{":
		s.words = map[int]string{}
		for r.next() != "}" { // the brace, then commas
			word := r.next()
			r.want("(")
			n := r.number()
			require.NotContains(r.t, s.words, n)
			s.words[n] = word
			r.want(")")
		}
	}
	return s
}

// resolve follows an object's type to its base. The narrowest size and the
// hint on the way count.
func (m *mib) resolve(t *testing.T, object string) mibSyntax {
	t.Helper()
	s := m.syntax[object]
	for s.base != "OCTET STRING" && s.base != "INTEGER" {
		next, ok := m.syntax[s.base]
		if s.base == "DateAndTime" { // of SNMPv2-TC, 8 or 11 octets
			next, ok = mibSyntax{base: "OCTET STRING", least: 8, most: 11, hint: "2d-1d-1d,1d:1d:1d.1d,1a1d:1d"}, true
		}
		require.True(t, ok, "%s: unknown type %s", object, s.base)
		if s.most != 0 {
			require.LessOrEqual(t, s.most, next.most, "%s is wider than its type", object)
			next.least, next.most = s.least, s.most
		}
		s = next
	}
	return s
}

// of returns the names of all definitions of a kind, in the module's order.
func (m *mib) of(kind string) (names []string) {
	for _, name := range m.order {
		if m.kinds[name] == kind {
			names = append(names, name)
		}
	}
	return names
}
