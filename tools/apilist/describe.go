package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// A describer collects a line for each thing that code of others may rely on.
type describer struct {
	pkg   *types.Package
	lines []string
}

func (d *describer) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// text writes a type; names of this package stand alone.
func (d *describer) text(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == d.pkg {
			return ""
		}
		return p.Name()
	})
}

// signature writes parameters and results, without the names of parameters,
// which may change.
func (d *describer) signature(f *types.Func) string {
	s := f.Signature()
	bare := types.NewSignatureType(nil, nil, slices.Collect(s.TypeParams().TypeParams()), unnamed(s.Params()), unnamed(s.Results()), s.Variadic())
	return strings.TrimPrefix(d.text(bare), "func")
}

func unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(0, nil, "", v.Type()))
	}
	return types.NewTuple(vars...)
}

func (d *describer) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		d.add("const %s %s = %s", o.Name(), d.text(o.Type()), o.Val().ExactString())
	case *types.Var:
		d.add("var %s %s", o.Name(), d.text(o.Type()))
	case *types.Func:
		d.add("func %s%s", o.Name(), d.signature(o))
	case *types.TypeName:
		d.typeName(o)
	}
}

func (d *describer) typeName(o *types.TypeName) {
	if o.IsAlias() {
		d.add("type %s = %s", o.Name(), d.text(types.Unalias(o.Type())))
		return
	}
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		d.structure(o, u)
	case *types.Interface:
		d.contract(o, u)
	default:
		d.add("type %s %s", o.Name(), d.text(u))
	}
	if !types.IsInterface(o.Type()) {
		d.methods(o)
	}
}

// structure lists the exported fields with their tags, which are wire format. A
// struct that can no longer be compared breaks who compares.
func (d *describer) structure(o *types.TypeName, s *types.Struct) {
	kind := "struct"
	if types.Comparable(s) {
		kind = "comparable struct"
	}
	d.add("type %s %s", o.Name(), kind)
	for i := range s.NumFields() {
		f := s.Field(i)
		if !f.Exported() {
			continue
		}
		line := f.Name() + " " + d.text(f.Type())
		if f.Embedded() {
			line = f.Name() + " (embedded) " + d.text(f.Type())
		}
		if tag := s.Tag(i); tag != "" {
			line += " `" + tag + "`"
		}
		d.add("type %s struct, %s", o.Name(), line)
	}
}

// contract lists the methods of an interface. One that others can implement
// must not grow either, so its first line has all names.
func (d *describer) contract(o *types.TypeName, i *types.Interface) {
	var names []string
	closed := false
	for m := range i.Methods() {
		if !m.Exported() {
			closed = true
			continue
		}
		names = append(names, m.Name())
		d.add("type %s interface, %s%s", o.Name(), m.Name(), d.signature(m))
	}
	if closed {
		names = []string{"unexported methods"}
	}
	d.add("type %s interface { %s }", o.Name(), strings.Join(names, "; "))
}

// methods lists the methods that values and pointers have, those of embedded
// fields included.
func (d *describer) methods(o *types.TypeName) {
	values := types.NewMethodSet(o.Type())
	for m := range types.NewMethodSet(types.NewPointer(o.Type())).Methods() {
		f, ok := m.Obj().(*types.Func)
		if !ok || !f.Exported() {
			continue
		}
		receiver := "*" + o.Name()
		if values.Lookup(d.pkg, f.Name()) != nil {
			receiver = o.Name()
		}
		d.add("method (%s) %s%s", receiver, f.Name(), d.signature(f))
	}
}
