package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/wecom"
)

func main() {
	robot, err := wecom.New(os.Getenv("WECOM_KEY"), nil)
	if err != nil {
		log.Fatal(err)
	}
	group := alert.Chain(robot, alert.Dedup(2*time.Minute))
	callbacks, err := aliyun.NewHandler(group, os.Getenv("CALLBACK_SECRET"), nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":8080", callbacks))
}
