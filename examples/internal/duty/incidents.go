package duty

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// What the page shows at most.
const (
	shownPast  = 100 // incidents that are over
	shownCalls = 30
)

//go:embed incidents.html
var incidentsTemplate string

// incidentsView is what the page shows.
type incidentsView struct {
	Lang, Now, OnDuty, Next string
	Words                   pageWords
	Open, Past              []incidentView
	Calls                   []callView
}

type incidentView struct {
	Title, Severity, State, Class, Since, Where string
	Log                                         [][3]string // when, what, about what
}

type callView struct {
	Title, State string
	Log          [][3]string
}

// incidentsPage shows the incidents, what was told of each and when, and the calls, to
// who knows the token.
func (d *desk) incidentsPage() http.Handler {
	page := template.Must(template.New("incidents").Parse(incidentsTemplate))
	want := sha256.Sum256([]byte(d.config.PageToken))
	stranger := httpserver.NotFound(d.log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.PathValue("token")))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			stranger.ServeHTTP(w, r)
			return
		}
		view, err := d.view(r)
		if err != nil {
			d.log.Warn("page of incidents failed", slog.Any("error", err))
			http.Error(w, "the database is not available, try again", http.StatusServiceUnavailable)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		var text strings.Builder
		if err = page.Execute(&text, view); err == nil {
			_, err = io.WriteString(w, markup.Visible(text.String()))
		}
		if err != nil {
			d.log.Debug("page of incidents not written", slog.Any("error", err))
		}
	})
}

// view collects what the page shows.
func (d *desk) view(r *http.Request) (v incidentsView, err error) {
	now, c := time.Now(), d.config
	zone := c.Roster.zone()
	v = incidentsView{Lang: c.Locale.String(), Words: pageWordsOf(c.Locale), Now: now.In(zone).Format(clock)}
	if c.Roster != nil {
		v.OnDuty = namesOf(c.Roster.At(now))
		if at, found := c.Roster.change(now); found {
			v.Next = fmt.Sprintf(v.Words.Next, at.In(zone).Format(clock), namesOf(c.Roster.At(at)))
		}
	}
	open, past, err := d.incidents(r.Context(), shownPast)
	if err != nil {
		return v, err
	}
	slices.Reverse(open)
	slices.Reverse(past)
	for i := range open {
		v.Open = append(v.Open, d.incident(&v.Words, &open[i], zone))
	}
	for i := range past {
		v.Past = append(v.Past, d.incident(&v.Words, &past[i], zone))
	}
	if d.queue == nil {
		return v, nil
	}
	calls, err := d.queue.List(r.Context(), false, shownCalls)
	for i := range calls {
		v.Calls = append(v.Calls, viewOfCall(&calls[i], zone))
	}
	return v, err
}

func (d *desk) incident(w *pageWords, in *escalate.Incident, zone *time.Location) incidentView {
	a := &in.Alert
	v := incidentView{
		Title: a.Name, Severity: d.config.Locale.Level(*a), State: w.Events[escalate.Event(in.State)], Class: string(in.State),
		Since: in.Opened.In(zone).Format(clock), Where: a.Instance,
	}
	if in.State == escalate.Waiting {
		v.State = w.Waiting
	}
	if in.By != "" {
		v.State += ": " + in.By
	}
	if v.Title == "" {
		v.Title = d.config.Locale.Title(a.Status)
	}
	for _, e := range in.Log {
		about := e.Text
		if e.Event == escalate.EventHeld {
			about = cmp.Or(w.Held[alert.HeldBy(about)], about)
		}
		if e.Step != "" && about != "" {
			about = e.Step + ": " + about
		} else if e.Step != "" {
			about = e.Step
		}
		v.Log = append(v.Log, [3]string{e.At.In(zone).Format(time.DateTime), w.Events[e.Event], about})
	}
	return v
}

// viewOfCall shows a call. Numbers are masked in its audit.
func viewOfCall(s *autocall.Status, zone *time.Location) callView {
	v := callView{Title: s.Created.In(zone).Format(clock) + " · " + s.Call.Message, State: string(s.State)}
	if s.By != nil {
		v.State += ": " + s.By.String()
	}
	for _, e := range s.Audit {
		v.Log = append(v.Log, [3]string{e.At.In(zone).Format(time.DateTime), string(e.Event), fmt.Sprint(e.Number, " ", e.Cause)})
	}
	return v
}

// pageWords are the words of the page.
type pageWords struct {
	Title, OnDuty, Open, Past, Calls, None, Waiting string
	Next                                            string // a format: when, and who

	Events map[escalate.Event]string
	Held   map[alert.HeldBy]string // where they are not in English
}

// pageWordsOf returns the words of a locale.
func pageWordsOf(l alert.Locale) pageWords {
	type events = map[escalate.Event]string
	switch l {
	case alert.English:
		return pageWords{
			Title: "Incidents", OnDuty: "On duty", Open: "Open", Past: "Over", Calls: "Telephone calls", None: "None.", Waiting: "nobody has taken it yet", Next: "from %s: %s",
			Events: events{
				escalate.EventOpened: "opened", escalate.EventWorse: "got worse", escalate.EventStep: "step taken", escalate.EventTold: "told", escalate.EventHeld: "held back by",
				escalate.EventFailed: "failed", escalate.EventNews: "news", escalate.EventLapsed: "taken, and lapsed", "acknowledged": "taken", "exhausted": "nobody took it", "ended": "over", "replaced": "goes on as a new incident",
			},
		}
	case alert.Japanese:
		return pageWords{
			Title: "インシデント", OnDuty: "当番", Open: "未復旧", Past: "終了", Calls: "電話", None: "ありません。", Waiting: "まだ誰も対応していません", Next: "%s から：%s",
			Events: events{
				escalate.EventOpened: "発生", escalate.EventWorse: "悪化", escalate.EventStep: "連絡開始", escalate.EventTold: "連絡済み", escalate.EventHeld: "保留：",
				escalate.EventFailed: "連絡失敗", escalate.EventNews: "経過", escalate.EventLapsed: "対応期限切れ", "acknowledged": "対応", "exhausted": "対応者なし", "ended": "復旧", "replaced": "新しいインシデントに引き継ぎ",
			},
			Held: map[alert.HeldBy]string{
				alert.HeldByWindow: "直前に発信済み", alert.HeldByQuiet: "静穏時間", alert.HeldByLimit: "一人あたりの発信回数の上限", alert.HeldByBlock: "発信禁止リスト",
			},
		}
	}
	return pageWords{
		Title: "告警事件", OnDuty: "当前值班", Open: "未恢复", Past: "已结束", Calls: "电话", None: "无。", Waiting: "尚无人处理", Next: "%s 起：%s",
		Events: events{
			escalate.EventOpened: "发生", escalate.EventWorse: "加重", escalate.EventStep: "进入步骤", escalate.EventTold: "已通知", escalate.EventHeld: "暂缓：",
			escalate.EventFailed: "未能通知", escalate.EventNews: "动态", escalate.EventLapsed: "接手已过期", "acknowledged": "已接手", "exhausted": "无人处理", "ended": "已恢复", "replaced": "转为新事件",
		},
		Held: map[alert.HeldBy]string{
			alert.HeldByWindow: "刚刚已拨打过电话", alert.HeldByQuiet: "免打扰时段", alert.HeldByLimit: "已达到每人呼叫次数上限", alert.HeldByBlock: "在禁呼名单中",
		},
	}
}
