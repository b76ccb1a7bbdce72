package inbound

import "github.com/tocsin-go/tocsin/alert"

// words holds what a webhook itself adds to alerts, in one language.
type words struct {
	account string

	// Of the notice that a callback cannot be read.
	unreadable, lost                   string
	reason, caller, size, format, keys string
	more, missed                       string // with a number
}

// wordsOf returns the words of a language.
func wordsOf(l alert.Locale) words {
	switch l {
	case alert.English:
		return words{
			account:    "Account",
			unreadable: "Callback that cannot be read",
			lost:       "A callback came whose alert is not delivered, because it cannot be read. Look into the console.",
			reason:     "Reason", caller: "Caller", size: "Bytes", format: "Content-Type", keys: "Keys",
			more: "and %d more", missed: "Like it since the last notice: %d",
		}
	case alert.Japanese:
		return words{
			account:    "アカウント",
			unreadable: "解読できないコールバック",
			lost:       "受信したコールバックを解読できず、中のアラートは配信されていません。コンソールを確認してください。",
			reason:     "理由", caller: "送信元", size: "バイト数", format: "Content-Type", keys: "キー",
			more: "ほか %d 個", missed: "前回の通知以降の同種のコールバック: %d 件",
		}
	}
	return words{
		account:    "账号",
		unreadable: "无法解析的回调",
		lost:       "收到一条无法解析的回调，其中的告警未能送达，请到控制台查看。",
		reason:     "原因", caller: "来源", size: "字节数", format: "Content-Type", keys: "字段",
		more: "另有 %d 个", missed: "上次通知以来的同类回调: %d 条",
	}
}
