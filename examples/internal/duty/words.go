package duty

import "github.com/tocsin-go/tocsin/alert"

// words are what one language says about calls, and on the page of incidents.
type words struct {
	byPickingUp, pickedUp, noKey string // formats: who
	nobodyElse, unreached        string
	handOver, handedOver         string // a title, and a format: from whom, to whom, what is open
	testText                     string
}

// wordsOf returns the words of a locale.
func wordsOf(l alert.Locale) words {
	switch l {
	case alert.English:
		return words{
			byPickingUp: "%s (picked up the phone; no link is set up to take it)", pickedUp: "%s picked up the phone, which does not take the problem: open the link",
			noKey: "%s picked up the phone and pressed no key", nobodyElse: "the phone was picked up, and nobody has taken the problem", unreached: "no phone could be reached",
			handOver: "Hand-over", handedOver: "%s → %s. Still open: %s", testText: "Test call, nothing has happened",
		}
	case alert.Japanese:
		return words{
			byPickingUp: "%s（電話に応答。対応用リンクは未設定）", pickedUp: "%s が電話に応答しました。対応するにはリンクを開いてください",
			noKey: "%s が電話に応答しましたが、キー操作はありません", nobodyElse: "電話の応答はありましたが、誰も対応していません", unreached: "どの電話にもつながりませんでした",
			handOver: "当番交代", handedOver: "%s → %s。未復旧：%s", testText: "テスト電話です。障害ではありません",
		}
	}
	return words{
		byPickingUp: "%s（已接听电话；未配置接手链接）", pickedUp: "%s 已接听电话，但尚未接手：请打开链接接手",
		noKey: "%s 已接听电话，但未按键", nobodyElse: "电话已接听，但无人接手", unreached: "所有电话均未接通",
		handOver: "值班交接", handedOver: "%s → %s。未恢复：%s", testText: "测试电话，并无故障",
	}
}
