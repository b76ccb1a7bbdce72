package autocall

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// Report returns a callback for OnAnswered and OnExhausted of [QueueOptions]
// that tells a Sender who picked up or that nobody did, with names and masked
// numbers, in the words of a locale.
//
// The alert that it sends has the severity of the call. It is [alert.News] if
// somebody picked up, which ends the ringing and not the problem, and Firing if
// nobody did; of a call about tests it is a test. It has no Key, so that the news
// of a late answer is not taken for a copy of "nobody"; its ID tells a
// repetition. Do not report into the queue that the call was in: that
// would ring about the ringing.
func Report(to alert.Sender, locale alert.Locale) func(context.Context, Status) error {
	return func(ctx context.Context, s Status) error { return to.Send(ctx, reportOf(s, locale)) }
}

// ReportSilence is Report for OnPhoneSilent. Its alert has the status NoData
// and the severity Critical, since whom nobody can ring does not come.
func ReportSilence(to alert.Sender, locale alert.Locale) func(context.Context, PhoneStatus) error {
	return func(ctx context.Context, p PhoneStatus) error {
		return to.Send(ctx, alert.Alert{
			Source: source, ID: fmt.Sprintf("%s/%d", p.Name, p.Seen.UnixMilli()), Status: alert.NoData, Severity: alert.Critical,
			Name: wordsOf(locale).silent, Product: source, Instance: p.Name, Resource: p.Model, StartsAt: p.Seen,
		})
	}
}

// source is where reports come from.
const source = "autocall"

// reportWords is what one language says about the end of a call.
type reportWords struct {
	answered, exhausted, expired, unrung, silent string

	by, list    string // formats: who picked up; who was to be rung, and how many rounds were begun
	comma, stop string
}

// wordsOf returns the words of a locale.
func wordsOf(l alert.Locale) reportWords {
	switch l {
	case alert.English:
		return reportWords{
			answered: "Telephone call picked up", exhausted: "Nobody picked up the telephone",
			expired: "Nobody picked up the telephone in time", unrung: "Nobody was rung", silent: "The telephone that rings people does not report",
			by: "%s picked up", list: "List: %s; rounds: %d", comma: ", ", stop: ". ",
		}
	case alert.Japanese:
		return reportWords{
			answered: "電話に応答がありました", exhausted: "電話に誰も応答しませんでした",
			expired: "時間内に電話の応答がありませんでした", unrung: "電話は誰にも発信されませんでした", silent: "発信用の電話機から連絡がありません",
			by: "%s が応答しました", list: "発信先：%s、%d 巡", comma: "、", stop: "。",
		}
	}
	return reportWords{
		answered: "电话告警已接听", exhausted: "电话告警无人接听", expired: "电话告警超时无人接听", unrung: "电话告警未能拨出", silent: "拨号手机失去联系",
		by: "%s 已接听", list: "名单：%s，共 %d 轮", comma: "，", stop: "。",
	}
}

// reportOf returns the alert that tells how a call ended.
func reportOf(s Status, l alert.Locale) alert.Alert {
	w := wordsOf(l)
	name, details, status := w.exhausted, "", alert.Firing
	switch {
	case s.State == Answered && s.By != nil:
		status, name, details = alert.News, w.answered, fmt.Sprintf(w.by, s.By)
	case !slices.ContainsFunc(s.Audit, func(e Entry) bool { return e.Event == EventHandedOut }):
		name = w.unrung // no phone polled, or nobody may be rung: the history says which
	case s.State == Expired:
		name = w.expired
	}
	if details == "" {
		details = fmt.Sprintf(w.list, strings.Join(namesOf(s.Call.People), w.comma), s.Round)
	}
	if s.Call.Message != "" {
		details += w.stop + redact(s.Call.Message, s.Call.People)
	}
	return alert.Alert{
		Source: source, ID: s.ID + "/" + string(s.State), Status: status, Test: s.Call.Test, Severity: s.Call.Severity, Name: name, Summary: details,
		Product: source, Instance: s.Phone, StartsAt: s.Created,
	}
}

// namesOf returns people as a report names them.
func namesOf(people []Person) []string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = p.String()
	}
	return names
}

// redact masks the numbers of people in a text.
func redact(text string, people []Person) string {
	for _, p := range people {
		text = phone.Redact(text, p.Number)
	}
	return text
}
