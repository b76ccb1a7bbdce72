package wecom_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tocsin-go/tocsin/wecom"
)

// exampleKey stands for the key of a robot.
const exampleKey = "11111111-2222-4333-8444-555555555555"

// accepted is how the vendor answers a message.
const accepted = `{"errcode":0,"errmsg":"ok"}`

func ExampleText() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), wecom.Text{
		Content:  "磁盘使用率过高\ndb-1: 91%",
		Mentions: []string{"zhangwei"},    // or "@all"
		Mobiles:  []string{"13800000001"}, // or "@all"
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleMarkdown() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), wecom.Markdown{
		Content: "## 磁盘使用率过高\n" +
			"> 实例: `db-1`\n" +
			`> 使用率: <font color="warning">91%</font>` + "\n" +
			"[查看](https://ops.example.com/a/1001)",
		Mentions: []string{"zhangwei"},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleMarkdownV2() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), wecom.MarkdownV2{
		Content: "# Daily capacity report\n\n" +
			"| cluster | disk |\n" +
			"| :--- | ---: |\n" +
			"| cluster-07 | 91% |\n" +
			"| cluster-03 | 42% |\n",
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleImage() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := os.ReadFile("testdata/pixel.png")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), wecom.Image{Data: data})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNews() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), wecom.News{Articles: []wecom.Article{
		{
			Title:       "Daily capacity report",
			Description: "12 clusters, 3 above threshold",
			URL:         "https://ops.example.com/r/20260101",
			PicURL:      "https://ops.example.com/r/20260101.png",
		},
		{Title: "cluster-07", URL: "https://ops.example.com/c/7"},
	}})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleFile() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The identity comes from an upload by the same robot.
	err = robot.Post(context.Background(), wecom.File{MediaID: "MEDIA-ID-FROM-UPLOAD"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleVoice() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The identity comes from an upload by the same robot.
	err = robot.Post(context.Background(), wecom.Voice{MediaID: "MEDIA-ID-FROM-UPLOAD"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleTextNotice() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	console := wecom.Link{Type: wecom.LinkURL, URL: "https://ops.example.com/a/1001"}
	err = robot.Post(context.Background(), wecom.TextNotice{
		Source:       wecom.Source{Desc: "Tocsin", DescColor: 2},
		MainTitle:    wecom.Heading{Title: "order-service 5xx", Desc: "firing for 10 minutes"},
		Emphasis:     wecom.Heading{Title: "12.4%", Desc: "5xx ratio"},
		SubTitleText: "threshold 5%, window 5m",
		Horizontal: []wecom.KeyValue{
			{Key: "host", Value: "192.0.2.15"},
			{Key: "graph", Value: "open", Type: wecom.ValueURL, URL: "https://ops.example.com/g/1"},
			{Key: "owner", Value: "Zhang Wei", Type: wecom.ValueMember, UserID: "zhangwei"},
		},
		Jumps:  []wecom.Jump{{Title: "console", Link: console}},
		Action: console,
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNewsNotice() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := wecom.New(exampleKey, &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := wecom.Link{Type: wecom.LinkURL, URL: "https://ops.example.com/r/20260101"}
	err = robot.Post(context.Background(), wecom.NewsNotice{
		MainTitle: wecom.Heading{Title: "Capacity snapshot", Desc: "2026-01-01"},
		Image:     wecom.CardImage{URL: "https://ops.example.com/r/20260101.png", AspectRatio: 1.8},
		ImageText: wecom.ImageText{Link: report, Title: "12 clusters", ImageURL: "https://ops.example.com/t.png"},
		Quote:     wecom.Quote{Title: "on-call note", Text: "expand cluster-07 before Friday"},
		Vertical:  []wecom.Heading{{Title: "cluster-07", Desc: "disk 91%"}},
		Action:    report,
	})
	fmt.Println(err)
	// Output: <nil>
}

// Every fault of a message is found at once, without a robot.
func ExampleFieldError() {
	err := wecom.News{Articles: []wecom.Article{{Title: "report"}, {URL: "https://ops.example.com/"}}}.Validate()
	faults := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		faults = several.Unwrap()
	}
	for _, fault := range faults {
		if f, ok := errors.AsType[*wecom.FieldError](fault); ok {
			fmt.Println("field", f.Field, "reason", f.Reason)
		}
	}
	// Output:
	// field news.articles[0].url reason is empty
	// field news.articles[1].title reason is empty
}
