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

// A rank says what the value of a key of the content names.
type rank uint8

const (
	nothing   rank = iota
	attribute      // a property of the resource, which names it if nothing better does
	object         // something inside the resource
)

// rankOf returns the rank of the last key of a path, such as hostName, disk_id
// or nodes.name.
func rankOf(path string) rank {
	key := path[strings.LastIndexByte(path, '.')+1:]
	if is(key, "id", "name", "ip", "sn") {
		key = path // a word that says something only beside its parent
	}
	rest, last := lastWord(key)
	if is(last, "address", "addr") {
		if before, word := lastWord(rest); is(word, "ip") {
			rest, last = before, word
		}
	}
	_, what := lastWord(rest)
	address := is(last, "ip", "ips", "address", "addr")
	switch {
	case rest == "":
		return rankOfWord(last)
	case foreign(rest):
		return nothing
	case is(last, "group"):
		if is(what, "consumer", "scaling", "security", "server") {
			return object
		}
		return nothing
	case noun(last):
		return object
	case is(what, "region"), is(what, "instance") && is(last, "name", "names"),
		address && is(what, "public", "private", "internet", "intranet", "inner", "outer"):
		return attribute
	case address, is(last, "id", "ids", "sn"):
		return object // also of a kind that no list has
	case is(last, "name", "names", "arn") && noun(what):
		return object
	}
	return nothing
}

// rankOfWord returns the rank of a key that is one word, such as host, ip or
// hostname.
func rankOfWord(word string) rank {
	switch {
	case noun(word), is(word, "ip", "ips", "eip", "vip", "sn"):
		return object
	case is(word, "instancename", "regionid"):
		return attribute
	}
	for _, suffix := range [...]string{"ids", "id", "names", "name", "ip", "sn"} {
		at := len(word) - len(suffix)
		if at > 0 && strings.EqualFold(word[at:], suffix) && noun(word[:at]) {
			return object
		}
	}
	return nothing
}

// noun tells whether word, singular or plural, is a kind of thing that breaks.
func noun(word string) bool {
	if len(word) > 2 && (word[len(word)-1]|0x20) == 's' && thing(word[:len(word)-1]) {
		return true
	}
	return thing(word)
}

func thing(word string) bool {
	return is(word, "resource", "object", "host", "node", "server", "machine", "vm", "instance", "port", "nic", "eni", "interface",
		"link", "line", "tunnel", "gateway", "router", "device", "disk", "volume", "mount", "partition", "filesystem",
		"domain", "site", "bucket", "table", "database", "db", "schema", "tablespace", "index", "shard", "replica", "slot",
		"job", "topic", "queue", "stream", "consumer", "cluster", "pod", "container", "namespace", "service", "component",
		"process", "listener", "backend", "certificate", "cert", "broker", "endpoint", "stack", "function", "application", "app",
		"snapshot", "zone", "rack", "metric", "dbinstance")
}

// foreign tells whether the words before the last one of a key say that its
// value belongs to the message, to a person, or to another side of what
// happened.
func foreign(rest string) bool {
	return hasWord(rest, "event", "trace", "request", "message", "msg", "alert", "alarm", "batch", "task", "activity", "rule", "strategy",
		"user", "owner", "account", "uid", "operator", "product", "log", "record", "session", "template", "group", "image",
		"notice", "notify", "notification", "push", "transaction", "order",
		"source", "src", "client", "attack", "attacker", "remote", "visitor", "login",
		"old", "new", "former", "previous", "prev", "current", "last", "next", "from") &&
		!hasWord(rest, "consumer", "scaling", "security", "resource", "server")
}

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
	inside := e.inside(content, object)
	if resource != "" {
		return append([]string{resource}, inside...)
	}
	if len(inside) == 0 {
		inside = e.inside(content, attribute)
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

// inside returns the leaves of the content that have a rank. What only repeats
// the resource is left out, so that it makes no difference whether it is there.
func (e *Event) inside(content Fields, want rank) []string {
	_, name := cutARN(e.ResourceID)
	var list []string
	for _, f := range content {
		switch {
		case !tells(f.Value), f.Value == name, f.Value == e.InstanceName, f.Value == e.ResourceID, f.Value == e.UserID,
			rankOf(f.Key) != want, bare(f.Key) && (quantity(f.Value) || strings.Contains(f.Value, "://")):
		default:
			list = append(list, f.Key, f.Value)
		}
	}
	return list
}

// tells tells whether a value says something.
func tells(value string) bool {
	return !is(strings.TrimSpace(value), "", "null", "none", "-", "n/a", "unknown") && !placeholder(value)
}

// bare tells whether a key is a noun by itself, which can be the name of a
// thing, the number of them (node: 3) or the address of a page (link).
func bare(key string) bool {
	_, last := lastWord(key)
	return !is(last, "id", "ids", "name", "names", "port", "ports", "index", "shard", "partition", "slot", "sn")
}

// quantity tells whether text is a number or a share.
func quantity(text string) bool {
	digits, dots := 0, 0
	for _, c := range []byte(strings.TrimSuffix(text, "%")) {
		switch {
		case digit(c):
			digits++
		case c == '.':
			dots++
		default:
			return false
		}
	}
	return digits > 0 && dots < 2
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
	list := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		list = append(list, f.Key, f.Value)
	}
	return list
}
