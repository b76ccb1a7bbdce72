package aliyun

import (
	"encoding/json"
	"slices"
	"strings"
)

// The objects that an event is about are named by its resource and, within it,
// by its content: a WAF instance protects several sites, and a cluster has many
// hosts. What a key of the content is called decides whether its value is such
// a name. Times, counts, levels, states, messages and the numbers of the message
// itself differ between the beginning and the end of a problem, and must not count.

// objects returns what the event is about: the resource, and the objects of
// the content, whose leaves are given. It is empty if the event does not say.
func (e *Event) objects(content Fields) []string {
	resource := ""
	if !placeholder(e.ResourceID) {
		resource = resourceKey(e.ResourceID)
	}
	if resource != "" {
		if task := e.task(); task != "" {
			return []string{resource, task}
		}
		if strings.HasPrefix(strings.ToLower(e.Name), "autoscaling:") {
			return []string{resource} // the group; its machines come and go
		}
	}
	inside, attributes := e.inside(content)
	if resource != "" {
		return append([]string{resource}, inside...)
	}
	if len(inside) == 0 {
		inside = attributes
		if e.InstanceName != "" && !testName(e.InstanceName) {
			inside = append(inside, "instanceName", e.InstanceName)
		}
	}
	if len(inside) == 0 {
		return nil
	}
	return append(inside, e.UserID, e.RegionID)
}

// task returns the identity of the maintenance task of ECS that the event is a
// state of. Other products number their messages in a field of the same name.
func (e *Event) task() string {
	if id := e.Content.Get("eventId"); strings.HasPrefix(id, "e-") {
		return id
	}
	return ""
}

// inside returns the leaves of the content that name an object, and those that
// are attributes, each after its key. What only repeats the resource is left out,
// so that it makes no difference whether it is there.
func (e *Event) inside(content Fields) (objects, attributes []string) {
	_, name := cutARN(e.ResourceID)
	for _, f := range content {
		r := rankOf(f.Key)
		switch v := f.Value; {
		case r == nothing, !tells(v), v == name, v == e.InstanceName, v == e.ResourceID, v == e.UserID,
			bare(f.Key) && (quantity(v) || strings.Contains(v, "://")):
		case r == object:
			objects = append(objects, f.Key, v)
		default:
			attributes = append(attributes, f.Key, v)
		}
	}
	return objects, attributes
}

// tells tells whether a value says something.
func tells(value string) bool {
	return !is(strings.TrimSpace(value), "", "null", "none", "-", "n/a", "unknown") && !placeholder(value)
}

// resourceKey returns the ARN with its product in lower case, which the vendor
// spells both ways.
func resourceKey(arn string) string {
	arn = strings.TrimSpace(arn)
	if len(arn) < 4 || !strings.EqualFold(arn[:4], "acs:") {
		return arn
	}
	product, rest, _ := strings.Cut(arn[4:], ":")
	return "acs:" + strings.ToLower(product) + ":" + rest
}

// placeholder tells whether text has a gap that a template leaves:
// {instanceId} or <resource-id>.
func placeholder(text string) bool {
	for _, pair := range [...]string{"{}", "<>"} {
		if _, after, ok := strings.Cut(text, pair[:1]); ok {
			gap, _, closed := strings.Cut(after, pair[1:])
			if closed && gap != "" && wordByte(gap[0]) && !digit(gap[0]) {
				return true
			}
		}
	}
	return false
}

// testName tells whether the name of an instance is that of a test.
func testName(name string) bool { return name == "instanceName" || placeholder(name) }

// maxDepth bounds how deep leaves looks into a value.
const maxDepth = 6

// leaves returns the texts inside fields, those of nested objects and arrays
// too, sorted by path and value. Text that is itself JSON is looked into, as
// the vendor sends objects as text. Two objects that differ in the order of
// their members have the same leaves.
func leaves(fields Fields, text string) Fields {
	list := make(Fields, 0, len(fields))
	for _, f := range fields {
		list = appendLeaves(list, f.Key, f.Value, maxDepth)
	}
	if fields == nil {
		list = appendLeaves(list, "", text, maxDepth)
	}
	slices.SortFunc(list, func(a, b Field) int {
		if n := strings.Compare(a.Key, b.Key); n != 0 {
			return n
		}
		return strings.Compare(a.Value, b.Value)
	})
	return slices.Compact(list)
}

// appendLeaves appends the leaves of one value.
func appendLeaves(list Fields, path, value string, depth int) Fields {
	text := strings.TrimSpace(value)
	if depth == 0 || text == "" || text[0] != '{' && text[0] != '[' || !json.Valid([]byte(text)) {
		return append(list, Field{path, value})
	}
	if text[0] == '[' {
		for _, element := range elements(nil, text) {
			list = appendLeaves(list, path, field{raw: element}.value(), depth-1)
		}
		return list
	}
	if path != "" {
		path += "."
	}
	for _, m := range split(nil, text) {
		list = appendLeaves(list, path+m.key, m.value(), depth-1)
	}
	return list
}

// flat returns keys and values in turn, for a digest.
func flat(fields Fields) []string {
	list := make([]string, 0, 2*len(fields)+2)
	for _, f := range fields {
		list = append(list, f.Key, f.Value)
	}
	return list
}
