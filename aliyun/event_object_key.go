package aliyun

import "strings"

// A rank says what the value of a key of the content names.
type rank uint8

const (
	nothing   rank = iota
	attribute      // a property of the resource, which names it if nothing better does
	object         // something inside the resource
)

// rankOf returns the rank of the last key of a path, such as hostName, disk_id
// or nodes.name. A key that nobody knows names nothing, but for an identity: two
// problems must not become one.
func rankOf(path string) rank {
	key := path[strings.LastIndexByte(path, '.')+1:]
	if is(key, "id", "name", "ip", "sn") {
		key = path // a word that says something only beside its parent
	}
	rest, last := lastWord(key)
	if rest == "" {
		return rankOfWord(last)
	}
	if is(last, "address", "addr") {
		if before, word := lastWord(rest); is(word, "ip") {
			rest, last = before, word
		}
	}
	_, what := lastWord(rest)
	r := nothing
	switch address := is(last, "ip", "ips", "address", "addr"); {
	case is(what, "region"), is(what, "instance") && is(last, "name", "names"),
		address && is(what, "public", "private", "internet", "intranet", "inner", "outer"):
		r = attribute
	case address, is(last, "id", "ids", "sn"), noun(last), is(last, "name", "names", "arn", "no") && noun(what), is(last, "point", "path") && is(what, "mount"),
		is(last, "group") && is(what, "consumer", "scaling", "security", "server"):
		r = object
	}
	if r != nothing && foreign(rest) {
		return nothing
	}
	return r
}

// rankOfWord returns the rank of a key that is one word, such as host, ip or
// hostname.
func rankOfWord(word string) rank {
	switch {
	case noun(word), is(word, "ip", "ips", "eip", "vip", "sn", "address", "addr"):
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
	var room [foldSize]byte
	lower := fold(room[:0], word)
	if n := len(lower); n > 2 && lower[n-1] == 's' && thing(lower[:n-1]) {
		return true
	}
	return thing(lower)
}

func thing(word []byte) bool {
	switch string(word) {
	case "resource", "object", "host", "node", "server", "machine", "vm", "instance", "port", "nic", "eni", "interface",
		"link", "line", "tunnel", "gateway", "router", "device", "disk", "volume", "mount", "partition", "filesystem",
		"domain", "site", "bucket", "table", "database", "db", "schema", "tablespace", "index", "shard", "replica", "slot",
		"job", "topic", "queue", "stream", "consumer", "cluster", "pod", "container", "namespace", "service", "component",
		"process", "listener", "backend", "certificate", "cert", "broker", "endpoint", "stack", "function", "application", "app",
		"snapshot", "zone", "rack", "metric", "dbinstance", "dbcluster", "target", "entity", "cidr", "subnet", "vswitch", "vpc", "collection",
		"keyspace", "worker", "proxy", "channel", "project", "plan", "mountpoint":
		return true
	}
	return false
}

// foreign tells whether the words before the last one of a key say that its
// value belongs to the message, to a person, or to another side of what
// happened.
func foreign(rest string) bool {
	var room [foldSize]byte
	answer := false
	for rest != "" {
		var word string
		rest, word = lastWord(rest)
		switch string(fold(room[:0], word)) {
		case "consumer", "scaling", "security", "resource", "server":
			return false // the identity of a group of these
		case "event", "trace", "request", "message", "msg", "alert", "alarm", "batch", "task", "activity", "rule", "strategy",
			"user", "owner", "account", "uid", "operator", "product", "log", "record", "session", "template", "group", "image",
			"notice", "notify", "notification", "push", "transaction", "order",
			"source", "src", "client", "attack", "attacker", "remote", "visitor", "login",
			"old", "new", "former", "previous", "prev", "current", "last", "next", "from":
			answer = true
		}
	}
	return answer
}

// bare tells whether a key is a noun by itself, which can be the name of a
// thing, the number of them (node: 3) or the address of a page (link).
func bare(key string) bool {
	_, last := lastWord(key)
	return !is(last, "id", "ids", "name", "names", "port", "ports", "index", "shard", "partition", "slot", "sn", "no")
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
