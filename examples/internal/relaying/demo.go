package relaying

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/printing"
)

// demoWait bounds the demonstration; it takes a few milliseconds.
const demoWait = 5 * time.Second

// demo sends the captured callback through the relay, waits until the
// stand-ins have printed what arrived, and says how to go on.
func (r *relay) demo(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	stop := r.deliver(ctx)
	defer func() { err = errors.Join(err, stop()) }()
	s, err := r.listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	r.out.Box(printing.Box{Title: "Callback: CloudMonitor posts to the relay", Text: string(r.config.Sample)})
	answer, err := post(ctx, s.url+r.ownPath(), r.config.Sample)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for _, side := range []struct {
		name string
		got  <-chan printing.Box
	}{{"WeCom robot", r.standIn.Wecom}, {"DingTalk robot", r.standIn.DingTalk}, {"console", r.standIn.Console}} {
		select {
		case b := <-side.got:
			r.out.Box(b)
		case <-ctx.Done():
			return fmt.Errorf("demo: the stand-in %s got nothing: %w", side.name, ctx.Err())
		}
	}
	r.out.Printf("\nThe relay answered CloudMonitor: %s\n%s", answer, demoEnd)
	return nil
}

// demoEnd shows the next steps.
const demoEnd = `
That was the whole way: callback, alert, messages to both groups, SNMP trap.
To go on, put these behind "go run ./examples/relay":

  (nothing)         stay, and print what your own callbacks become
  -wecom-url URL    deliver to a WeCom group robot
  -dingtalk-url URL -dingtalk-secret SEC...
                    deliver to a DingTalk group robot that checks signatures
  -trap-target HOST:162 -trap-base-oid OID -trap-community NAME
                    deliver to a network-management console
  … -test           send one marked alert to each destination and exit
  -help             all settings
`

// post sends a callback and returns the status line of the answer.
func post(ctx context.Context, url string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{}} // no proxy: this stays on the machine
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", errors.New("the relay did not answer") // the error's own text holds the secret
	}
	defer resp.Body.Close() //nolint:errcheck // read, not written
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the relay answered %s", resp.Status)
	}
	return resp.Status, err
}

// curlLine is a command that posts the captured callback.
func curlLine(url string) string {
	return "curl --data @examples/relay/testdata/event-2020-cfw-dryrun.json " + url
}
