package dingtalktest

import "encoding/json"

// An object is a JSON object whose keys count letter by letter. A struct would
// not do: package encoding/json takes messageurl for messageUrl.
type object map[string]json.RawMessage

// has reports whether the object has a key with another value than null.
func (o object) has(key string) bool {
	value, ok := o[key]
	return ok && string(value) != "null"
}

// text returns a string, or "" if there is none.
func (o object) text(key string) string {
	var s string
	_ = json.Unmarshal(o[key], &s)
	return s
}

// object returns an object, or nil if there is none.
func (o object) object(key string) object {
	var inner object
	_ = json.Unmarshal(o[key], &inner)
	return inner
}

// objects returns a list of objects, or nil if there is none.
func (o object) objects(key string) []object {
	var list []object
	if json.Unmarshal(o[key], &list) != nil {
		return nil
	}
	return list
}

// texts returns a list of strings, which may be missing. It is false if there
// is something else.
func (o object) texts(key string) ([]string, bool) {
	var list []string
	ok := !o.has(key) || json.Unmarshal(o[key], &list) == nil
	return list, ok
}

// flag returns a boolean, which may be missing. It is false if there is
// something else.
func (o object) flag(key string) (value, ok bool) {
	ok = !o.has(key) || json.Unmarshal(o[key], &value) == nil
	return value, ok
}
