package escalate

import "github.com/tocsin-go/tocsin/alert"

// words are what one language says about an incident.
type words struct {
	exhausted, notAll, taken, lapsed string // the news; the last three are formats: which steps, by whom
	stepFailed, nextNow, late        string // likewise: a format with the step and the reason; behind it; a reason

	title, intro, name, take, more string // of the page
	state                          map[State]string
	unknown, failed, nobody        string
	all, marked, choose            string
}

// wordsOf returns the words of a locale.
func wordsOf(l alert.Locale) words {
	switch l {
	case alert.English:
		return words{
			exhausted: "Everybody was told, and nobody has taken it", taken: "%s has taken it",
			notAll: "Nobody has taken it, and not everybody could be told: %s", lapsed: "%s took it, and it is not over: it begins again",
			stepFailed: "Step %s told nobody: %s", nextNow: ". The next step is taken now.", late: "not delivered within a minute",
			title: "Take a problem", intro: "Who takes it stops the escalation: nobody else is called.",
			name: "Your name", take: "I take it", more: "See more",
			state: map[State]string{
				Waiting: "nobody has taken it yet", Acknowledged: "taken by", Exhausted: "everybody was told, nobody has taken it", Ended: "over", Replaced: "a newer message about it has gone out",
			},
			unknown: "This link leads nowhere. It is too old, or so new that it is not known yet: try again in a moment.",
			failed:  "It could not be done now. Try again in a moment.", nobody: "Please enter your name.",
			all: "I take all of them", marked: "I take the marked ones", choose: "Please mark what you take.",
		}
	case alert.Japanese:
		return words{
			exhausted: "全員に連絡しましたが、まだ誰も対応していません", taken: "%s が対応します",
			notAll: "まだ誰も対応していません。連絡できなかった宛先：%s", lapsed: "%s が対応中でしたが、まだ復旧していません。最初から連絡し直します",
			stepFailed: "「%s」で連絡できませんでした：%s", nextNow: "。次の連絡先に切り替えます。", late: "1分以内に届きませんでした",
			title: "アラートへの対応", intro: "「対応します」を押すと、以後の連絡（電話など）は止まります。",
			name: "お名前", take: "対応します", more: "詳細を見る",
			state: map[State]string{
				Waiting: "まだ誰も対応していません", Acknowledged: "対応者：", Exhausted: "全員に連絡済み、対応者なし", Ended: "復旧しました", Replaced: "新しい通知に引き継がれました",
			},
			unknown: "このリンクは使えません。期限切れか、まだ登録されていません。少し待ってからもう一度お試しください。",
			failed:  "今は処理できません。少し待ってからもう一度お試しください。", nobody: "お名前を入力してください。",
			all: "すべて対応します", marked: "選んだものに対応します", choose: "対応するものを選んでください。",
		}
	}
	return words{
		exhausted: "所有人均已通知，仍无人处理", taken: "%s 已接手处理",
		notAll: "仍无人处理，且未能通知到：%s", lapsed: "%s 已接手但仍未恢复，重新开始逐级通知",
		stepFailed: "步骤 %s 未能通知到任何人：%s", nextNow: "。立即进行下一步。", late: "一分钟内未送达",
		title: "接手告警", intro: "点击“我来处理”后，不再继续通知其他人（包括电话）。",
		name: "您的姓名", take: "我来处理", more: "查看详情",
		state: map[State]string{
			Waiting: "尚无人处理", Acknowledged: "处理人：", Exhausted: "已通知所有人，仍无人处理", Ended: "已恢复", Replaced: "已有新的通知",
		},
		unknown: "链接无效。链接已过期，或者刚刚发出、尚未生效：请稍后再试。",
		failed:  "暂时无法处理，请稍后再试。", nobody: "请填写姓名。",
		all: "全部由我处理", marked: "处理勾选的告警", choose: "请勾选您要处理的告警。",
	}
}
