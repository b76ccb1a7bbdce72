package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/wecom"
)

func main() {
	robot, err := wecom.New(os.Getenv("WECOM_KEY"), nil)
	if err != nil {
		log.Fatal(err)
	}
	callbacks, err := aliyun.NewHandler(robot, os.Getenv("CALLBACK_SECRET"), nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve.ListenAndServe(context.Background(), ":8080", callbacks, &serve.Options{Logger: slog.Default()}))
}
