package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// A robotConfig is what is set for the group robots of either kind.
type robotConfig struct {
	urls   []string // or bare keys or tokens
	origin string   // of urls, for errors
	rate   int      // messages a minute, for each robot; 0: no limit
}

// judgeRobots reads what both kinds have.
func judgeRobots(urls, rate *setting) (c robotConfig, err error) {
	c = robotConfig{urls: urls.list(), origin: urls.origin, rate: 20}
	if urls.origin != "" && len(c.urls) == 0 {
		return c, urls.refuse("names no robot")
	}
	for i, u := range c.urls {
		if first := slices.Index(c.urls, u); first < i {
			return c, urls.refuse("entry %d is entry %d again: the group would get everything twice", i+1, first+1)
		}
	}
	if rate.origin != "" {
		if c.rate, err = strconv.Atoi(rate.text()); err != nil || c.rate < 0 {
			return c, rate.refuse("not a number of messages a minute, 0 or more")
		}
	}
	return c, nil
}

// perMinute is rate as the channels want it: the operator's 0 is no limit.
func (c *robotConfig) perMinute() int {
	if c.rate == 0 {
		return -1
	}
	return c.rate
}

// refuse says which robot a channel does not take.
func (c *robotConfig) refuse(i int, err error) error {
	return usageError{fmt.Errorf("%s: entry %d: %w", c.origin, i+1, err)}
}

// add makes a leaf of the robot with the given number.
func (c *robotConfig) add(r *relay, i int, kind, vendor string, s alert.Sender) {
	host := vendor // of a bare key
	if u, err := url.Parse(c.urls[i]); err == nil {
		host = cmp.Or(u.Host, vendor)
	}
	r.leaves = append(r.leaves, leaf{
		name: fmt.Sprintf("%s robot %d at %s", kind, i+1, host), answer: "accepted", sender: s,
	})
}

type wecomConfig struct {
	robotConfig
	mentions []string
}

func (c *config) judgeWecom(f *form) (err error) {
	if c.wecom.robotConfig, err = judgeRobots(f.wecomURL, f.wecomRate); err != nil {
		return err
	}
	c.wecom.mentions = f.wecomMention.list()
	return firstBad(f.wecomMention, len(c.wecom.mentions), func(n int) error {
		_, err := wecom.New("key", &wecom.Options{Mentions: c.wecom.mentions[:n]})
		if e, ok := errors.AsType[*wecom.FieldError](err); ok {
			return errors.New(e.Reason) // the field is known from the flag
		}
		return err
	})
}

// firstBad tries the first entry of s, then the first two and so on, and
// refuses the one with which an error comes: the entry is wrong in itself, or
// one too many.
func firstBad(s *setting, entries int, try func(n int) error) error {
	for n := range entries {
		if err := try(n + 1); err != nil {
			return s.refuse("entry %d: %w", n+1, err)
		}
	}
	return nil
}

func (r *relay) addWecom() error {
	w := &r.config.wecom
	for i, address := range w.urls {
		robot, err := wecom.New(address, &wecom.Options{
			Locale: r.config.locale, Location: r.config.zone, Mentions: w.mentions, Rate: w.perMinute(), Logger: r.log,
		})
		if err != nil {
			return w.refuse(i, err)
		}
		w.add(r, i, "WeCom", "qyapi.weixin.qq.com", robot)
	}
	return nil
}
