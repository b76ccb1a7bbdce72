// Ocp-dingtalk is the custom script of an alert channel of OceanBase Cloud
// Platform (OCP): it brings each alarm to a group of DingTalk, of WeCom, or of
// both, and tells OCP whether it arrived.
//
// # Setting it up
//
// On EVERY node of OCP, because any of them may send:
//
//	CGO_ENABLED=0 go build -trimpath -o /opt/tocsin/ocp-dingtalk ./examples/ocp-dingtalk
//	install -m 600 -o admin /dev/null /opt/tocsin/ocp-dingtalk.conf
//	install -m 700 -o admin -d /var/lib/tocsin
//
// where admin is the user that OCP runs as. Write into ocp-dingtalk.conf, which
// holds secrets and must be readable by that user alone:
//
//	# One setting a line.
//	dingtalk-url = https://oapi.dingtalk.com/robot/send?access_token=…
//	dingtalk-secret = SEC…
//	# Tell an alarm that lasts once an hour. Without it OCP repeats it every
//	# minute or three, and after the failure of one of two robots to both.
//	state = /var/lib/tocsin/ocp
//
// Try it; the group gets a message that is marked as a test:
//
//	env -i message=hello /bin/bash ocp-dingtalk.sh
//
// In OCP create an alert channel of the kind "custom script":
//
//	script:              the two lines of ocp-dingtalk.sh; of the first lines that
//	                     OCP accepts, this one is the fastest with bash
//	response validation: {"errcode":0,"errmsg":"ok"}   (Response 校验信息)
//
// and use its test button. Enable recoveries in the push configuration. A robot
// takes 20 messages a minute, and DingTalk shuts it out for ten minutes after
// one too many: let the channel aggregate, since each run of this program is a
// process of its own and knows nothing of the others.
//
// # Settings
//
// Each is a line of ocp-dingtalk.conf beside the program (or of the file that
// -config names), or a variable such as TOCSIN_DINGTALK_URL, or the name of a
// file with the value in TOCSIN_DINGTALK_URL_FILE. A flag, which takes all but
// the secret ones, comes before the file, and that before a variable: what
// alarms bring into the environment does not decide where they go. See -help
// for the list.
//
// Text from logs has no effect in a card. With -body message, OCP's template
// is sent as it is, and so is what a log line brings into it: markup and links,
// but no mentions.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-go/tocsin/examples/internal/ocpchannel"
	"github.com/tocsin-go/tocsin/ocp"
)

func main() {
	if len(os.Args) == 2 && (os.Args[1] == "-help" || os.Args[1] == "--help" || os.Args[1] == "-h") {
		fmt.Print(ocpchannel.Usage())
		return
	}
	// Signals are not caught: Main answers before OCP loses its patience, and
	// later nobody reads. It would take a tenth of the time of a run.
	os.Exit(ocp.Main(context.Background(), handle, nil))
}

// handle delivers one payload. Everything happens in here, so that a mistake
// in a setting reaches OCP as any other failure does.
func handle(ctx context.Context, p *ocp.Payload) error {
	beside, err := os.Executable()
	if err != nil {
		return fmt.Errorf("ocp-dingtalk: where is this program: %w", err)
	}
	return ocpchannel.Deliver(ctx, p, os.Args[1:], os.Getenv, filepath.Join(filepath.Dir(beside), "ocp-dingtalk.conf"))
}
