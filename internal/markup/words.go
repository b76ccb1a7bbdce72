package markup

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
)

// words are what cards say beyond the words of alert.Locale.
type words struct {
	began, ended, told, time string
	lasting, lasted, lastEnd string // around how long
	units                    [4]string
	then                     string // the details of a problem that is over
	cluster, application     string // of OCP
	host, tenant             string
	stillBefore, still       string // around the number of alerts not listed that are not over
}

// wordsOf returns the words of a language.
func wordsOf(l alert.Locale) *words {
	switch l {
	case alert.English:
		return &english
	case alert.Japanese:
		return &japanese
	}
	return &chinese
}

//nolint:gochecknoglobals // read-only tables
var (
	chinese = words{
		began: "发生时间", ended: "恢复时间", told: "通知时间", time: "时间", lasting: "（已持续 ", lasted: "（持续 ", lastEnd: "）",
		units: [...]string{"天", "小时", "分钟", "秒"}, then: "告警时详情",
		cluster: "集群", application: "应用", host: "主机", tenant: "租户",
		stillBefore: "，其中 ", still: " 条仍在告警",
	}
	english = words{
		began: "Began", ended: "Ended", told: "Notified", time: "Time", lasting: " (for ", lasted: " (lasted ", lastEnd: ")",
		units: [...]string{"day", "hour", "minute", "second"}, then: "Details when it fired",
		cluster: "Cluster", application: "Application", host: "Host", tenant: "Tenant",
		stillBefore: ", ", still: " of them still firing",
	}
	japanese = words{
		began: "発生時刻", ended: "復旧時刻", told: "通知時刻", time: "時刻", lasting: "（継続中 ", lasted: "（継続 ", lastEnd: "）",
		units: [...]string{"日", "時間", "分", "秒"}, then: "発生時の詳細",
		cluster: "クラスター", application: "アプリケーション", host: "ホスト", tenant: "テナント",
		stillBefore: "（うち ", still: " 件は未復旧）",
	}
)

// title returns the title of a message about alerts in the state s, marked if
// they are tests, with a count if there is one: "【测试】【告警通知】共 2 条告警".
func title(l alert.Locale, s alert.Status, test bool, count string) string {
	title, mark := l.Title(s), ""
	if l != alert.English {
		if test {
			mark = "【" + l.Test() + "】"
		}
		return mark + "【" + title + "】" + count
	}
	if test {
		mark = "[" + l.Test() + "] "
	}
	if count != "" {
		title += ": " + count
	}
	return mark + title
}

// State returns the word for the state of an alert, behind that for a test if
// it is one.
func State(l alert.Locale, a *alert.Alert) string {
	if a.Test {
		return l.Test() + " " + l.Status(a.Status)
	}
	return l.Status(a.Status)
}

// colon returns what follows the name of a field.
func colon(l alert.Locale) string {
	if l == alert.English {
		return ": "
	}
	return ":"
}

// blank reports whether nothing of s would be seen.
func blank(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return classify(r) == runeVisible || r == unicode.ReplacementChar }) < 0
}

// rest returns the line that counts what a digest does not list, and says how
// much of that is not over.
func rest(l alert.Locale, alerts, groups, open int) string {
	w := wordsOf(l)
	return l.More(alerts, groups) + w.stillBefore + strconv.Itoa(open) + w.still + "\n"
}

// ocp is the source whose alerts are about databases, not about what a cloud
// sells.
const ocp = "ocp"

// name returns the name of a field as it is called where a comes from.
func (p *page) name(a *alert.Alert, f alert.Field) string {
	w := wordsOf(p.Locale)
	switch {
	case a.Source != ocp:
	case f == alert.FieldProduct:
		return w.application
	case f == alert.FieldRegion:
		return w.cluster
	case strings.Contains(a.Instance, " / "):
		return w.tenant + " / " + w.host
	case a.Instance == cmp.Or(a.Labels["ob_tenant"], a.Labels["tenant_name"], a.Labels["target.ob_tenant"], a.Labels["target.tenant_name"]):
		return w.tenant
	default:
		return w.host
	}
	return p.Locale.Field(f)
}

// detailsName returns the name of the details of a.
func (p *page) detailsName(a *alert.Alert) string {
	if a.Status == alert.Resolved {
		return wordsOf(p.Locale).then
	}
	return p.Locale.Field(alert.FieldDetails)
}

// origin returns the source of an alert and, if it says so, the account.
func origin(a *alert.Alert) string {
	account := a.Labels["account"]
	if blank(a.Source) || blank(account) {
		return a.Source + account
	}
	return a.Source + " / " + account
}

// Mentionable reports whether a message about the alerts is to mention members
// unless its sender says otherwise: one of them reports a problem that is more
// than a remark. Tests count, since that is to be tried too.
func Mentionable(a alert.Alert) bool { return a.Status.Open() && a.Severity > alert.Info }
