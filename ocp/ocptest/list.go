package ocptest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listEvents returns a page of the alarms, the newest first.
func (s *Server) listEvents(query url.Values) (any, *refusal) {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []any
	for _, e := range slices.Backward(s.events) {
		if e.matches(query) {
			all = append(all, e.wire())
		}
	}
	return s.page(all, query)
}

// listNotifications returns a page of what was sent, the newest first.
func (s *Server) listNotifications(query url.Values) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []any
	for i, run := range slices.Backward(s.notifications) {
		if id := query.Get("alarmId"); id == "" || id == run.variable("alarm_id") {
			all = append(all, run.wire(i+1))
		}
	}
	return s.page(all, query)
}

// event returns one alarm.
func (s *Server) event(id string) (any, *refusal) {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if strconv.FormatInt(e.ID, 10) == id {
			return e.wire(), nil
		}
	}
	return nil, &refusal{http.StatusNotFound, "ALM70001", "告警不存在"}
}

// matches reports whether a query selects an alarm.
func (e *Event) matches(query url.Values) bool {
	for name, value := range map[string]string{
		"status": e.Status, "appType": e.AppType, "scope": e.Scope, "level": strconv.Itoa(e.Level), "alarmType": e.Type,
	} {
		if want := query.Get(name); want != "" && want != value {
			return false
		}
	}
	return strings.Contains(e.Summary+e.Description+e.Target, query.Get("keyword"))
}

// page cuts a page out of a list.
func (s *Server) page(all []any, query url.Values) (any, *refusal) {
	number, size := 1, 10
	for name, n := range map[string]*int{"page": &number, "size": &size} {
		if text := query.Get(name); text != "" {
			v, err := strconv.Atoi(text)
			if err != nil || v < 1 || name == "size" && v > 200 {
				return nil, &refusal{http.StatusBadRequest, "COM10001", "参数错误：" + name}
			}
			*n = v
		}
	}
	first := min((number-1)*size, len(all))
	contents := all[first:min(first+size, len(all))]
	if contents == nil {
		contents = []any{}
	}
	pages := (len(all) + size - 1) / size
	if s.OldPages {
		return map[string]any{"contents": contents, "number": number, "size": size, "totalElements": len(all), "totalPage": pages}, nil
	}
	return map[string]any{"contents": contents, "page": map[string]any{
		"number": number, "size": size, "totalElements": len(all), "totalPages": pages,
	}}, nil
}

// wire returns an alarm as OCP lists it.
func (e *Event) wire() map[string]any {
	labels := map[string]string{}
	maps.Copy(labels, e.Labels)
	maps.Copy(labels, map[string]string{
		"alarm_type": e.Type, "alarm_target": e.Target, "alarm_level": strconv.Itoa(e.Level), "alarm_status": e.Status, "alarm_name": e.Name,
	})
	w := map[string]any{
		"id": e.ID, "alarmType": e.Type, "appType": e.AppType, "name": e.Name, "scope": e.Scope, "level": e.Level,
		"status": e.Status, "target": e.Target, "summary": e.Summary, "description": e.Description, "labels": labels,
		"activeAt": utc(e.ActiveAt), "updatedAt": utc(e.UpdatedAt), "gmtCreate": utc(e.ActiveAt),
	}
	if e.Status == "Inactive" {
		w["resolvedAt"] = utc(e.ResolvedAt)
	}
	return w
}

// utc writes a time as the lists do.
func utc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
