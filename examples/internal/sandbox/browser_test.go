package sandbox_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

// screenshots is where pictures for the documentation go; none are taken
// unless it is given.
var screenshots = flag.String("screenshots", "", "write pictures of the page into this directory") //nolint:gochecknoglobals // a flag

// patience bounds how long a test waits for the page.
const patience = 30 * time.Second

// A look is how the page is looked at.
type look struct {
	width, height int64
	dark          bool
	lang          string
}

// The looks that people have.
func desktop() look { return look{1360, 850, false, "zh-CN"} }
func phone() look   { return look{390, 844, false, "zh-CN"} }

// A tab is a page in a real browser. What the browser complains of, and every
// request that leaves this machine, fails the test when it ends.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it

	mayLose  atomic.Bool // the connection
	mu       sync.Mutex
	bad      []string
	requests int
}

// open starts a sandbox and opens its page.
func open(t *testing.T, l look) (*tab, *sandbox.Sandbox) {
	t.Helper()
	path := clitest.RealPart(t, "chromium", "chromium-browser", "google-chrome")
	s := start(t, &sandbox.Options{})
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("lang", l.lang), chromedp.Flag("accept-lang", l.lang), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-lcd-text", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	call(b, network.Enable, network.EnableParams{})
	call(b, runtime.Enable, cdp.Empty{})
	call(b, log.Enable, cdp.Empty{})
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": l.lang}})
	b.look(l)
	b.run(chromedp.Navigate(s.Targets().Page))
	b.wait(`document.getElementById("live").dataset.state === "connected"`)
	t.Cleanup(b.judge)
	return b, s
}

// hear keeps what is wrong.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.bad = append(b.bad, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.bad = append(b.bad, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if b.mayLose.Load() && strings.Contains(e.Entry.Text, "net::ERR_") {
			return
		}
		b.bad = append(b.bad, "log: "+e.Entry.Text+" "+e.Entry.URL)
	case *network.EventRequestWillBeSent:
		b.requests++
		if u, err := url.Parse(e.Request.URL); err != nil || u.Hostname() != "127.0.0.1" {
			b.bad = append(b.bad, "request: "+e.Request.URL)
		}
	}
}

// judge fails the test for what is wrong.
func (b *tab) judge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.bad)
	require.Positive(b.t, b.requests, "the requests were seen")
}

// run does something in the tab.
func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// call sends a command of the protocol.
func call[P, R any](b *tab, c cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, c, params)
	require.NoError(b.t, err)
}

// look sets the size and the colours.
func (b *tab) look(l look) {
	b.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.width < 500})
	b.media("prefers-color-scheme", scheme)
}

// media sets what the page is told of its reader's wishes.
func (b *tab) media(name, value string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
}

// ask returns what an expression is.
func ask[T any](b *tab, expression string, opts ...chromedp.EvaluateOption) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, opts...))
	require.NoError(b.t, err, expression[:min(len(expression), 200)])
	return v
}

// do runs a script.
func (b *tab) do(script string) {
	b.t.Helper()
	ask[chromedp.Void](b, script)
}

// wait waits for an expression to become true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !ask[bool](b, "Boolean("+expression+")") {
		if time.Now().After(deadline) {
			b.shot("failed")
			require.FailNow(b.t, "it never became true: "+expression, ask[string](b, "document.querySelector('main').innerText"))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// press clicks on something, which must be there and in view.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.wait("document.querySelector(" + quote(selector) + ")")
	b.run(chromedp.Click(chromedp.CSS(selector)))
}

// text returns the text of something.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return ask[string](b, "document.querySelector("+quote(selector)+")?.innerText ?? ''")
}

func quote(s string) string {
	text, _ := json.Marshal(s) // a string encodes
	return string(text)
}

// shot takes a picture, if pictures are wanted.
func (b *tab) shot(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(*screenshots, "sandbox-"+name+".png"), shrink(b.t, picture), 0o600))
}

// judgeAccess lets axe-core, which TOCSIN_AXE names, judge the page as it is.
func (b *tab) judgeAccess(what string) {
	b.t.Helper()
	name := os.Getenv("TOCSIN_AXE")
	if name == "" {
		if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
			require.FailNow(b.t, "TOCSIN_AXE does not name axe.min.js, but TOCSIN_REQUIRE_REAL is set")
		}
		return
	}
	script, err := os.ReadFile(name)
	require.NoError(b.t, err)
	b.do(string(script) + ";0")
	found := ask[[]string](b, `axe.run(document).then(r => {
		if (r.passes.length < 10) throw new Error("axe has judged nothing");
		return r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
			.flatMap(v => v.nodes.map(n => v.id + " " + n.target.join(" ") + ": " + n.failureSummary));
	})`, chromedp.EvalAwaitPromise)
	require.Empty(b.t, strings.Join(found, "\n"), what)
}

// card selects a call of a destination by its state.
func card(dest, state string) string {
	return fmt.Sprintf("#%s .call[data-state=%q]", dest, state)
}
