package alerttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
)

// hunt reports each secret that text holds, as it is or escaped for a URL. The
// report does not repeat it.
func (p *probe) hunt(where, text string) {
	for i, secret := range p.h.Secrets {
		if holds(text, secret) {
			p.failf("%s holds secret %d of %d", where, i+1, len(p.h.Secrets))
		}
	}
}

// redact returns text fit for a report: without secrets.
func (p *probe) redact(text string) string {
	for _, secret := range p.h.Secrets {
		if holds(text, secret) {
			return "(text withheld: it holds a secret)"
		}
	}
	return text
}

// holds reports whether text contains secret in one of its spellings.
func holds(text, secret string) bool {
	return secret != "" && (strings.Contains(text, secret) ||
		strings.Contains(text, url.QueryEscape(secret)) ||
		strings.Contains(text, url.PathEscape(secret)))
}

// huntPrints prints v in every way that programs do and hunts in the results.
func (p *probe) huntPrints(what string, v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		p.hunt(verb+" of "+what, fmt.Sprintf(verb, v))
	}
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("print", "v", v)
	p.hunt("slog text of "+what, text.String())
	slog.New(slog.NewJSONHandler(&js, nil)).Info("print", "v", v)
	p.hunt("slog JSON of "+what, js.String())
	if encoded, err := json.Marshal(v); err == nil {
		p.hunt("JSON of "+what, string(encoded))
	}
}

// huntError hunts in err, in each error it wraps, and in every string that
// can be reached from it: test libraries print what pointers point to.
func (p *probe) huntError(err error) {
	if err == nil || len(p.h.Secrets) == 0 {
		return
	}
	p.huntPrints(fmt.Sprintf("the error %T", err), err)
	p.huntValue(fmt.Sprintf("a string inside the error %T", err), reflect.ValueOf(err), 12)
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case interface{ Unwrap() error }:
		p.huntError(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			p.huntError(inner)
		}
	}
}

// huntValue hunts in the strings that can be reached from v in so many steps,
// which also ends it on circular data.
func (p *probe) huntValue(where string, v reflect.Value, steps int) {
	if steps == 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		p.hunt(where, v.String())
	case reflect.Pointer, reflect.Interface:
		p.huntValue(where, v.Elem(), steps-1)
	case reflect.Struct:
		for _, field := range v.Fields() {
			p.huntValue(where, field, steps-1)
		}
	case reflect.Slice, reflect.Array:
		p.huntItems(where, v, steps)
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			p.huntValue(where, iter.Key(), steps-1)
			p.huntValue(where, iter.Value(), steps-1)
		}
	}
}

// huntItems is huntValue for lists. Bytes are read as one text.
func (p *probe) huntItems(where string, v reflect.Value, steps int) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		text := make([]byte, v.Len())
		for i := range text {
			text[i] = byte(v.Index(i).Uint())
		}
		p.hunt(where, string(text))
		return
	}
	for i := range min(v.Len(), 64) {
		p.huntValue(where, v.Index(i), steps-1)
	}
}
