package aliyun

import "strings"

// lastWord cuts the last word off a name such as Instance_Failure_End,
// DeviceWanLinkUp or instance_id. Words end at what is neither letter nor digit,
// and where a capital begins another one. So Weekend, Backup and append are one
// word each, and say nothing about an end.
func lastWord(name string) (rest, word string) {
	end := len(name)
	for end > 0 && !wordByte(name[end-1]) {
		end--
	}
	start := end
	for start > 0 && wordByte(name[start-1]) {
		start--
		if start > 0 && upper(name[start]) && wordByte(name[start-1]) {
			// A capital begins a word after a small letter (WanLink), and as
			// the last one of an acronym (IPAddress).
			if !upper(name[start-1]) || start+1 < end && !upper(name[start+1]) && !digit(name[start+1]) {
				break
			}
		}
	}
	return name[:start], name[start:end]
}

// wordByte tells whether c belongs to a word. Every byte of a letter beyond
// ASCII does.
func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || upper(c) || digit(c) || c >= 0x80
}

func upper(c byte) bool { return 'A' <= c && c <= 'Z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// is tells whether word is one of a list, which is in lower case.
func is(word string, list ...string) bool {
	for _, w := range list {
		if len(w) == len(word) && strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// hasWord tells whether one of the words of name is on the list.
func hasWord(name string, list ...string) bool {
	for name != "" {
		var word string
		if name, word = lastWord(name); is(word, list...) {
			return true
		}
	}
	return false
}
