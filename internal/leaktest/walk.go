package leaktest

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
)

const (
	maxDepth = 24     // steps from the value to a string
	maxSteps = 200000 // over all
)

// A walker visits all that a value holds.
type walker struct {
	check *check
	name  string
	seen  map[visit]bool
	steps int
}

// A visit is to a place in memory. An object and its first field share the
// place, hence the type.
type visit struct {
	place uintptr
	kind  reflect.Type
	size  int
}

// walk searches each string and each list of bytes that v leads to.
func (c *check) walk(name string, v any) {
	c.tb.Helper()
	w := &walker{check: c, name: name, seen: map[visit]bool{}}
	w.visit(reflect.ValueOf(v), "the value", 0)
	if w.steps > maxSteps {
		c.tb.Errorf("leaktest: %s: too large to be searched whole", name)
	}
}

// visit searches v, to which the path leads in so many steps.
func (w *walker) visit(v reflect.Value, path string, depth int) {
	w.check.tb.Helper()
	w.steps++
	if !v.IsValid() || depth > maxDepth || w.steps > maxSteps || isOpaque(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.check.search(w.name, "the text in "+path, v.String())
	case reflect.Interface:
		w.visit(v.Elem(), path, depth+1)
	case reflect.Pointer:
		if w.isNew(v, 0) {
			w.visit(v.Elem(), path, depth+1)
		}
	case reflect.Struct:
		for field, inner := range v.Fields() {
			w.visit(inner, path+"."+field.Name, depth+1)
		}
	case reflect.Map:
		w.visitMap(v, path, depth)
	case reflect.Slice:
		if v.Len() > 0 && w.isNew(v, v.Len()) {
			w.visitList(v, path, depth)
		}
	case reflect.Array:
		w.visitList(v, path, depth)
	}
}

// visitMap searches keys and values.
func (w *walker) visitMap(v reflect.Value, path string, depth int) {
	w.check.tb.Helper()
	if v.Len() == 0 || !w.isNew(v, 0) {
		return
	}
	for iter := v.MapRange(); iter.Next(); {
		w.visit(iter.Key(), "a key of "+path, depth+1)
		w.visit(iter.Value(), path+"[…]", depth+1)
	}
}

// visitList searches the elements. Bytes make one text.
func (w *walker) visitList(v reflect.Value, path string, depth int) {
	w.check.tb.Helper()
	if v.Type().Elem().Kind() == reflect.Uint8 {
		text := make([]byte, v.Len())
		for i := range text {
			text[i] = byte(v.Index(i).Uint())
		}
		w.check.search(w.name, "the bytes in "+path, string(text))
		return
	}
	for i := range v.Len() {
		w.visit(v.Index(i), path+"[…]", depth+1)
	}
}

// isNew reports whether a place was not visited before, and notes it.
func (w *walker) isNew(v reflect.Value, size int) bool {
	at := visit{v.Pointer(), v.Type(), size}
	if w.seen[at] {
		return false
	}
	w.seen[at] = true
	return true
}

// isOpaque reports whether values of a type are left alone.
func isOpaque(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[*http.Transport](), reflect.TypeFor[*slog.Logger](), reflect.TypeFor[reflect.Value]():
		return true
	}
	return t.Kind() != reflect.Interface &&
		(t.Implements(reflect.TypeFor[context.Context]()) || t.Implements(reflect.TypeFor[testing.TB]()))
}
