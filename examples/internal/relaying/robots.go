package relaying

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/wecom"
)

// A robotConfig is what is set for the group robots of either kind.
type robotConfig struct {
	urls   []string // or bare keys or tokens
	origin string   // of urls, for errors
	rate   int      // messages a minute, for each robot; 0: no limit
}

// judgeRobots reads what both kinds have.
func judgeRobots(urls, rate *cli.Setting) (c robotConfig, err error) {
	c = robotConfig{urls: urls.List(), origin: urls.Origin(), rate: 20}
	if urls.Given() && len(c.urls) == 0 {
		return c, urls.Refuse("names no robot")
	}
	for i, u := range c.urls {
		if first := slices.Index(c.urls, u); first < i {
			return c, urls.Refuse("entry %d is entry %d again: the group would get everything twice", i+1, first+1)
		}
	}
	if rate.Given() {
		if c.rate, err = strconv.Atoi(rate.Text("")); err != nil || c.rate < 0 {
			return c, rate.Refuse("not a number of messages a minute, 0 or more")
		}
	}
	return c, nil
}

// refuse says which robot a channel does not take.
func (c *robotConfig) refuse(i int, err error) error {
	return cli.UsageError{Err: fmt.Errorf("%s: entry %d: %w", c.origin, i+1, err)}
}

// digestSize is how many alerts one message of a robot tells of at most. At
// twenty messages a minute a storm of fifty thousand is told in three.
const digestSize = 1000

// noLimit switches the limiter of a robot off: the outbox has the budget, over
// all relays and restarts.
const noLimit = -1

// add makes a leaf of the robot with the given number.
func (c *robotConfig) add(r *relay, i int, v vendor, s alert.Sender) {
	address := v.address(c.urls[i])
	r.leaves = append(r.leaves, leaf{
		name: fmt.Sprintf("%s robot %d at %s", v.kind, i+1, address.Host), answer: "accepted", sender: s,
		route:   routeName(strings.ToLower(v.kind), address.Host, address.Path, address.Query().Get(v.param)),
		options: outbox.RouteOptions{Budget: outbox.Budget{Messages: c.rate, Per: time.Minute}, Batch: digestSize},
	})
}

// A vendor is where the robots of a kind are if only their key is known.
type vendor struct{ kind, host, path, param string }

// address is the URL of a robot that is given by URL or key, in one spelling.
func (v vendor) address(keyOrURL string) *url.URL {
	if u, err := url.Parse(keyOrURL); err == nil && u.Host != "" {
		return u
	}
	return &url.URL{Scheme: "https", Host: v.host, Path: v.path, RawQuery: url.Values{v.param: {keyOrURL}}.Encode()}
}

// maxRoute is the longest name, in bytes, that the outbox takes.
const maxRoute = 100

// routeName is what the outbox knows a destination by: as long as address and
// key stay, what waits for it is delivered, wherever it stands in the settings.
// A place in the list would not do: after a robot was taken out of it, the next
// one would get what waits for the first. The name says nothing of a key, of
// which it holds 40 bits of a hash.
func routeName(kind string, parts ...string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(parts, "\x00")))
	return kind + "-" + hex.EncodeToString(sum[:5])
}

type wecomConfig struct {
	robotConfig
	mentions []string
}

func (c *Config) judgeWecom(f *form) (err error) {
	if c.wecom.robotConfig, err = judgeRobots(f.wecomURL, f.wecomRate); err != nil {
		return err
	}
	c.wecom.mentions = f.wecomMention.List()
	return firstBad(f.wecomMention, len(c.wecom.mentions), func(n int) error {
		// Everybody would take a second message, which the outbox does not count.
		err := wecom.Markdown{Content: "x", Mentions: c.wecom.mentions[:n]}.Validate()
		if err == nil {
			_, err = wecom.New("key", &wecom.Options{Mentions: c.wecom.mentions[:n]})
		}
		if e, ok := errors.AsType[*wecom.FieldError](err); ok {
			return errors.New(e.Reason) // the field is known from the flag
		}
		return err
	})
}

// firstBad tries the first entry of s, then the first two and so on, and
// refuses the one with which an error comes: the entry is wrong in itself, or
// one too many.
func firstBad(s *cli.Setting, entries int, try func(n int) error) error {
	for n := range entries {
		if err := try(n + 1); err != nil {
			return s.Refuse("entry %d: %w", n+1, err)
		}
	}
	return nil
}

func (r *relay) addWecom() error {
	w := &r.config.wecom
	for i, address := range w.urls {
		robot, err := wecom.New(address, &wecom.Options{
			Locale: r.config.locale, Location: r.config.zone, Mentions: w.mentions, Rate: noLimit, Logger: r.log,
		})
		if err != nil {
			return w.refuse(i, err)
		}
		w.add(r, i, vendor{"WeCom", "qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key"}, robot)
	}
	return nil
}
