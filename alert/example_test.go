package alert_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

// Everything goes to the chat. What is critical also rings. The recorders stand
// for real channels.
func Example() {
	var chat, phone alerttest.Recorder
	page := alert.Chain(&phone, alert.Only(alert.Critical))
	both := alert.Fanout(&chat, page)

	ctx := context.Background()
	fire := alert.Alert{Key: "disk/db-1", Severity: alert.Critical, Name: "disk almost full", Instance: "db-1"}
	note := alert.Alert{Key: "backup/db-1", Severity: alert.Info, Name: "backup done", Instance: "db-1"}
	if err := both.Send(ctx, fire, note); err != nil {
		fmt.Println(err)
	}
	fmt.Println("chat: ", len(chat.Accepted()), "alerts in", len(chat.Calls()), "message")
	fmt.Println("phone:", len(phone.Accepted()), "alert in", len(phone.Calls()), "call")
	// Output:
	// chat:  2 alerts in 1 message
	// phone: 1 alert in 1 call
}

func ExampleErrorAt() {
	alerts := []alert.Alert{{Name: "cpu"}, {Name: "disk"}, {Name: "net"}}
	var s alerttest.Recorder
	s.FailEach(nil, errors.New("no such host"))

	err := s.Send(context.Background(), alerts...)
	fmt.Println(err)
	for i, a := range alerts {
		if err := alert.ErrorAt(err, i, len(alerts)); err != nil {
			fmt.Printf("send %q again: %v\n", a.Name, err)
		}
	}
	// Output:
	// 1 of 3 alerts failed: no such host
	// send "disk" again: no such host
}

// The digest of a storm: two groups shown, two instances named in each.
func ExampleNewDigest() {
	var alerts []alert.Alert
	for i := range 12 {
		alerts = append(alerts, alert.Alert{Name: "CPU high", Severity: alert.Major, Instance: fmt.Sprintf("web-%d", i)})
	}
	alerts = append(alerts,
		alert.Alert{Name: "disk full", Severity: alert.Critical, Instance: "db-1"},
		alert.Alert{Name: "backup done", Severity: alert.Info},
		alert.Alert{Name: "login", Severity: alert.Info},
	)
	l := alert.English
	d := alert.NewDigest(alerts)
	fmt.Println(l.Count(d.Total))
	groups, restGroups, restAlerts := d.Top(2)
	for _, g := range groups {
		named, rest := g.Name(2)
		var names []string
		for _, in := range named {
			names = append(names, in.Name)
		}
		fmt.Printf("- %s %s × %d: %s%s\n",
			l.Level(g.Alert), g.Alert.Name, g.Count, strings.Join(names, l.Separator()), l.Others(rest))
	}
	if restAlerts > 0 {
		fmt.Println(l.More(restAlerts, restGroups))
	}
	// Output:
	// 15 alerts
	// - Critical disk full × 1: db-1
	// - Major CPU high × 12: web-0, web-1 and 10 more
	// 2 more alerts in 2 groups not listed
}

func ExampleLocale() {
	a := alert.Alert{Status: alert.Resolved, Severity: alert.Critical, Product: "ecs"}
	for _, word := range []string{"zh-CN", "en", "ja_JP.UTF-8"} {
		l, err := alert.ParseLocale(word)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s | %s | %s: %s | %s: %s\n", l.Title(a.Status), l.Status(a.Status),
			l.Field(alert.FieldProduct), a.Product, l.Field(alert.FieldLevel), l.Level(a))
	}
	// Output:
	// 恢复通知 | 已恢复 | 云产品: ecs | 告警级别: 紧急
	// Resolved | Resolved | Product: ecs | Level: Critical
	// 復旧通知 | 復旧 | サービス: ecs | 重要度: 緊急
}

func ExampleRetryable() {
	var s alerttest.Recorder
	s.Fail(fmt.Errorf("gateway: post: connection reset: %w", alert.ErrUncertain))

	err := s.Send(alert.Once(context.Background()), alert.Alert{})
	fmt.Println("retryable:", alert.Retryable(err))
	fmt.Println("may have arrived:", errors.Is(err, alert.ErrUncertain))
	// Output:
	// retryable: true
	// may have arrived: true
}

// At night only critical alerts ring, and one number never. Nothing is lost: who
// sends an alert again when it may ring has it told.
func ExampleNewRinger() {
	ringer, err := alert.NewRinger(&alert.RingPolicy{
		Quiet:  []alert.QuietHours{{From: 0, To: 24 * time.Hour, Zone: time.UTC}}, // a long night
		Block:  []string{"13900000009"},
		Limits: []alert.Limit{{Calls: 1, Per: time.Hour}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone := ringer.Sender([][]string{{"13800000001", "alice"}, {"+86 139 0000 0009", "bob"}},
		func(_ context.Context, held []error, alerts []alert.Alert) ([]bool, error) {
			fmt.Println("rings about", alerts[0].Name, "alice:", held[0], "bob:", held[1])
			return nil, nil
		})
	send := func(a alert.Alert) {
		held, _ := errors.AsType[*alert.HeldError](phone.Send(context.Background(), a))
		if held != nil {
			fmt.Println(a.Name, "is held back by", held.By)
		}
	}
	send(alert.Alert{ID: "1", Name: "disk filling"})
	send(alert.Alert{ID: "2", Name: "disk full", Severity: alert.Critical})
	send(alert.Alert{ID: "2", Name: "disk full", Severity: alert.Critical}) // the source repeats itself
	// Output:
	// disk filling is held back by quiet hours
	// rings about disk full alice: <nil> bob: alert: held back by the block list, nobody was rung; not to be sent again
}
