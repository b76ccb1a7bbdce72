package autocall_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// One phone, one queue, and a chat that hears who picked up.
func Example() {
	chat := make(chan string, 1)
	report := autocall.Report(alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		chat <- alerts[0].Name + ": " + alerts[0].Summary
		return nil
	}), alert.English)
	queue, err := autocall.NewMemoryQueue(&autocall.QueueOptions{OnAnswered: report, OnExhausted: report})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := autocall.NewHandler(queue, []autocall.Handset{{Name: "duty-phone", Token: "put-a-random-token-here"}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/phone/", handler)
	// serve.ListenAndServe(ctx, ":8080", mux, nil), and in the app:
	// http://192.0.2.8:8080/phone/put-a-random-token-here/alert/phone

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { _ = queue.Run(ctx) })

	people := []autocall.Person{{Name: "Li Si", Number: "18700000001"}, {Name: "Zhang San", Number: "18800000002"}}
	phones, err := autocall.NewSender(queue, people, &autocall.SenderOptions{Locale: alert.English, Rounds: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := phones.Place(ctx, alert.Alert{Name: "disk full", Severity: alert.Critical})
	if err != nil {
		fmt.Println(err)
		return
	}

	// Here a phone in Go stands for the one with the app.
	phone := autocalltest.New(mux, "/phone/put-a-random-token-here/alert/phone", &autocalltest.Options{
		StartDelay: -1, PollInterval: time.Millisecond, Version: autocalltest.C,
		Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Talk: time.Nanosecond} },
	})
	running.Go(func() { _ = phone.Run(ctx) })

	fmt.Println(<-chat)
	status, err := queue.Get(ctx, id)
	fmt.Println(status.State, status.By, err)
	cancel()
	running.Wait()
	// Output:
	// Telephone call picked up: Li Si (187******01) picked up. Alert, Critical, disk full
	// answered Li Si (187******01) <nil>
}
