package ocp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	pageSize = "50" // alarms; with some 7 KB each well below the 1 MiB of an answer
	maxPages = 2000 // a server may claim more
	maxID    = 64   // bytes; those seen are numbers
)

// Alarms reads the alarms that a query selects, page by page as the loop goes
// on: level (1 to 5), status (Active, Inactive, Silenced, Inhibited), appType,
// scope, keyword, activeAtStart and activeAtEnd. It ends after the last alarm or
// after the first error, which is an [*Error].
//
// Key and ID of an alarm are those of the same alarm out of a channel, its
// labels those that OCP keeps. The list changes while it is read, and an alarm that
// is missing may be there: ask [Client.Alarm] about it.
//
// Vendor pages: zh-CN/1900.reference-guide/200.api-reference/1000.alert of
// https://github.com/oceanbase/ocp-doc, branch V4.2.2.
func (c *Client) Alarms(ctx context.Context, query url.Values) iter.Seq2[alert.Alert, error] {
	return func(yield func(alert.Alert, error) bool) {
		seen := map[string]bool{}
		for number := 1; ; number++ {
			before := len(seen)
			entries, last, err := c.page(ctx, query, number)
			for _, entry := range entries {
				var a alert.Alert
				if a, err = parseAlarm(entry); err != nil {
					break
				}
				if !seen[a.Key] && !yield(a, nil) {
					return
				}
				seen[a.Key] = true
			}
			switch {
			case err == nil && last:
				return
			case err == nil && (number >= maxPages || len(seen) == before):
				err = errors.New("the list does not end")
			}
			if err != nil {
				yield(alert.Alert{}, listError(opList, fmt.Errorf("page %d: %w", number, err)))
				return
			}
		}
	}
}

// Alarm reads one alarm by its id. One that OCP does not know is an error with HTTP
// 404, or with a code that ends in 70001.
func (c *Client) Alarm(ctx context.Context, id string) (alert.Alert, error) {
	if !isID(id) {
		return alert.Alert{}, &Error{Op: opGet, Err: &FieldError{Field: "id", Reason: "want 1 to 64 letters, digits, - and _"}}
	}
	data, err := c.do(ctx, opGet, http.MethodGet, "alarms/"+id, nil, nil)
	if err != nil {
		return alert.Alert{}, err
	}
	a, err := parseAlarm(data)
	if err == nil && a.Key != "alarm/"+id {
		err = errors.New("the answer is about another alarm")
	}
	if err != nil {
		return alert.Alert{}, listError(opGet, err)
	}
	return a, nil
}

// listError returns the error of a call that failed, or whose answer makes no sense.
func listError(op string, err error) *Error {
	if e, failed := errors.AsType[*Error](err); failed {
		return e
	}
	return &Error{Op: op, HTTPStatus: http.StatusOK, Err: err}
}

// page reads one page. It reports whether that was the last one.
func (c *Client) page(ctx context.Context, query url.Values, number int) (entries []json.RawMessage, last bool, err error) {
	q := url.Values{"size": {pageSize}}
	maps.Copy(q, query)
	q.Set("page", strconv.Itoa(number))
	data, err := c.do(ctx, opList, http.MethodGet, "alarms", q, nil)
	if err != nil {
		return nil, false, err
	}
	entries, pages, err := parsePage(data)
	return entries, len(entries) == 0 || number >= pages, err
}

// parsePage reads the data of a list. Without a number of pages the list goes on
// until a page is empty. Newest versions may send a bare list.
func parsePage(data json.RawMessage) (contents []json.RawMessage, pages int, err error) {
	if json.Unmarshal(data, &contents) == nil && contents != nil {
		return contents, 1, nil
	}
	var outer fields
	if json.Unmarshal(data, &outer) != nil || json.Unmarshal(outer["contents"], &contents) != nil || contents == nil {
		return nil, 0, errors.New("the answer holds no list")
	}
	if pages, err = strconv.Atoi(outer.object("page").text("totalPages")); err != nil {
		pages = maxPages + 1
	}
	return contents, pages, nil
}

// parseAlarm reads an alarm as OCP lists it. What is missing, or of a type that
// nobody expects, is empty.
func parseAlarm(raw json.RawMessage) (alert.Alert, error) {
	var f fields
	if json.Unmarshal(raw, &f) != nil || !isID(f.text("id")) {
		return alert.Alert{}, errors.New("an alarm of the answer is no object with an id")
	}
	labels := f.labels()
	p := &Payload{Values: maps.Clone(labels)}
	for variable, name := range map[string]string{
		"alarm_id": "id", "alarm_type": "alarmType", "alarm_name": "name", "alarm_level": "level", "alarm_status": "status", "alarm_scope": "scope",
		"alarm_target": "target", "alarm_summary": "summary", "alarm_description": "description", "alarm_active_at": "activeAt",
		"alarm_updated_at": "updatedAt", "alarm_resolved_at": "resolvedAt", "app_type": "appType",
	} {
		if value := f.text(name); value != "" {
			p.Values[variable] = value
		}
	}
	if n, err := strconv.Atoi(p.text("alarm_level")); err == nil && 1 <= n && n <= 5 {
		p.Values["alarm_level"] = [...]string{"Down", "Critical", "Alert", "Caution", "Info"}[n-1] // the vendor's own words
	}
	delete(p.Values, "alarm_count") // it stands for itself, however it was sent
	delete(p.Values, "alarm_group_by")
	a := p.Alert()
	a.Labels = labels
	return a, nil
}

func isID(s string) bool {
	return s != "" && len(s) <= maxID && !strings.ContainsFunc(s, func(r rune) bool { return r != '-' && r != '_' && !isAlphanumeric(r) })
}

// labels returns the labels: texts as they are, and whatever else there is as JSON.
func (f fields) labels() map[string]string {
	labels := map[string]string{}
	for name, value := range f.object("labels") {
		var s string
		if json.Unmarshal(value, &s) != nil { // null is an empty text
			s = string(value)
		}
		labels[name] = s
	}
	return labels
}
