package voicetest

import "encoding/json"

// An object is a JSON object whose keys count letter by letter.
type object map[string]json.RawMessage

// text returns the string at the first of keys that has one, or "".
func (o object) text(keys ...string) string {
	for _, key := range keys {
		var s string
		if json.Unmarshal(o[key], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// objects returns a list of objects, or nil if there is none.
func (o object) objects(key string) []object {
	var list []object
	if json.Unmarshal(o[key], &list) != nil {
		return nil
	}
	return list
}
