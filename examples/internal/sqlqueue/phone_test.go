//go:build unix

package sqlqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// A phone goes through the loop of the app without its waits, so that as much
// as possible is under way when a server is killed: a new mid is dialled, the
// same mid again is the time to tell the outcome, an outcome that failed on
// the wire is told at the next poll, "nobody" makes it forget the mid. The
// patient phone of autocalltest would wait 15 s after each failure.
type phone struct {
	name   string
	fleet  *fleet
	ledger *ledger
	rng    *rand.Rand

	mid, number string
	picked      bool
}

// live polls until ctx ends.
func (p *phone) live(ctx context.Context) {
	for ctx.Err() == nil {
		began := p.ledger.tick()
		var got struct {
			Phone []string `json:"phone"`
			Code  *int     `json:"code"`
			Mid   string   `json:"mid"`
		}
		err := p.request(ctx, http.MethodGet, nil, &got)
		switch {
		case err != nil:
			p.ledger.failed("get")
		case got.Code == nil:
			p.ledger.violation("%s got an answer without a code, which kills the app", p.name)
		case *got.Code != 0:
			err = errors.New("nothing")
		case got.Mid == p.mid:
			p.tell(ctx)
			continue
		default:
			p.mid, p.number = got.Mid, got.Phone[0]
			p.picked = p.ledger.ring(p.name, began, got.Mid, got.Phone)
			continue
		}
		if err != nil {
			wait(ctx, time.Duration(1+p.rng.IntN(4))*time.Millisecond)
		}
	}
}

// tell posts the outcome.
func (p *phone) tell(ctx context.Context) {
	query := url.Values{"mid": {p.mid}}
	number := ""
	if p.picked {
		number = p.number
		query.Set("resp", number)
	}
	p.ledger.posting(p.mid, number)
	var got struct {
		Code int `json:"code"`
	}
	if err := p.request(ctx, http.MethodPost, query, &got); err != nil {
		p.ledger.failed("post")
		return
	}
	p.ledger.posted(p.mid, number, got.Code)
	if !p.picked {
		p.mid, p.number = "", ""
	}
}

// request asks any of the servers.
func (p *phone) request(ctx context.Context, method string, query url.Values, into any) error {
	address := p.fleet.servers[p.rng.IntN(len(p.fleet.servers))].url + "/phone/" + p.fleet.tokens[p.name] + "/alert/phone?" + query.Encode()
	// An ended test must not look like a phone that hangs up.
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, address, nil)
	if err != nil {
		return err
	}
	resp, err := p.fleet.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusServiceUnavailable {
		return errors.New("not available")
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
