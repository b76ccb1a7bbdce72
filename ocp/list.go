package ocp

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Bounds of a page, in events.
const (
	defaultSize = 50  // with some 7 KB an event well below the 1 MiB of an answer
	maxSize     = 200 // of OCP
)

// A Query selects alarms, or notifications. Empty fields select everything.
//
// Vendor pages: zh-CN/1900.reference-guide/200.api-reference/1000.alert of
// https://github.com/oceanbase/ocp-doc, branch V4.2.2.
type Query struct {
	AppType string // OceanBase, OCP, OMS, OBProxy, Log, Backup
	Scope   string // Cluster, Tenant, Host, Service, …
	Level   int    // 1 (the worst) to 5; 0: all
	Status  string // Active, Inactive, Silenced, Inhibited; of notifications Success, Failed, …
	Keyword string

	// From and To bound the time at which an alarm began, or a notification
	// was sent.
	From, To time.Time

	// Size is the number of entries a page, at most 200. Entries of 7 KB are
	// usual and an answer has at most 1 MiB. Default: 50.
	Size int

	// More holds parameters that only some versions know, such as alarmType
	// and obCluster of 3.x, or alarmId of notifications.
	More map[string]string
}

// values returns the parameters of one page.
func (q *Query) values(page int, from, to string) (url.Values, error) {
	if q.Level < 0 || q.Level > 5 || q.Size < 0 || q.Size > maxSize {
		return nil, &FieldError{"query", "want a level of 0 to 5 and a size of 0 to 200"}
	}
	size := q.Size
	if size == 0 {
		size = defaultSize
	}
	v := url.Values{}
	for name, value := range q.More {
		v.Set(name, value)
	}
	level := ""
	if q.Level > 0 {
		level = strconv.Itoa(q.Level)
	}
	for name, value := range map[string]string{
		"page": strconv.Itoa(page), "size": strconv.Itoa(size), "appType": q.AppType, "scope": q.Scope,
		"level": level, "status": q.Status, "keyword": q.Keyword, from: moment(q.From), to: moment(q.To),
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v, nil
}

// moment returns a time as the parameters have it.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// Events reads the alarms that a query selects, page by page as the loop goes
// on, and ends after the last one or after the first error, which is an
// [*Error]. Whoever breaks off the loop reads no further page.
//
// The list changes while it is read, so an alarm may be missed; one that comes
// twice is yielded once. If fewer came than OCP counts, the loop ends with an
// error that says so. See [Watcher] for how to tell what has recovered.
func (c *Client) Events(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return read(ctx, c, &listing[Event]{
		op: opEvents, path: "alarms", query: q, from: "activeAtStart", to: "activeAtEnd",
		parse: parseEvent, id: func(e Event) string { return e.ID },
	})
}

// Notifications reads what OCP sent through its channels, as [Client.Events]
// reads alarms.
func (c *Client) Notifications(ctx context.Context, q Query) iter.Seq2[Notification, error] {
	return read(ctx, c, &listing[Notification]{
		op: opNotifications, path: "notifications", query: q, from: "sentAtStart", to: "sentAtEnd",
		parse: parseNotification, id: func(n Notification) string { return n.ID },
	})
}

// Event reads one alarm by its id, which consists of letters, digits, - and _.
// An id that OCP does not know is an error with [CodeNoAlarm], with HTTP 404,
// or both.
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	if id == "" || len(id) > maxID || !isName(id) {
		return Event{}, &Error{Op: opEvent, Err: &FieldError{"id", "want 1 to 64 letters, digits, - and _"}}
	}
	data, err := c.do(ctx, &request{op: opEvent, method: http.MethodGet, path: []string{"alarms", id}})
	if err != nil {
		return Event{}, err
	}
	e, err := parseOne(data)
	if err != nil {
		return Event{}, &Error{Op: opEvent, HTTPStatus: http.StatusOK, Err: err}
	}
	if e.ID != id {
		return Event{}, &Error{Op: opEvent, HTTPStatus: http.StatusOK, Err: errors.New("the answer is about another alarm")}
	}
	return e, nil
}
