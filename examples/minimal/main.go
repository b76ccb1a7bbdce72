package main

import (
	"log"
	"net/http"
	"os"

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
	log.Fatal(http.ListenAndServe(":8080", callbacks))
}
