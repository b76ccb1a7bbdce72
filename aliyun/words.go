package aliyun

import "github.com/tocsin-go/tocsin/alert"

// words holds what the Handler itself adds to alerts, in one language.
type words struct {
	account string
}

// wordsOf returns the words of a language.
func wordsOf(l alert.Locale) words {
	switch l {
	case alert.English:
		return words{account: "Account"}
	case alert.Japanese:
		return words{account: "アカウント"}
	}
	return words{account: "账号"}
}
