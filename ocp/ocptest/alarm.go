package ocptest

import (
	"cmp"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Rule is what OCP knows of an alarm type. Its texts are templates: ${name}
// stands for a label, or for a variable of the alarm such as alarm_target.
type Rule struct {
	Title       string // default: the name of the rule
	Level       int    // 1, the worst, to 5; default: 3
	Description string // default: target and title
}

type event struct {
	id            int
	kind, target  string
	labels        map[string]string
	name, details string
	level         int
	began, seen   time.Time
	ended         time.Time // zero while it lasts
	told          time.Time // when the channel was told last
}

func (s *Server) push(r *http.Request, body []byte) *refusal {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "", "Content type not supported"}
	}
	var given struct {
		AlarmType, Target string
		Labels            map[string]string
	}
	if json.Unmarshal(body, &given) != nil || given.AlarmType == "" || given.Target == "" || given.Labels == nil {
		return &refusal{http.StatusBadRequest, "10001", "参数错误"}
	}
	s.sweep()
	return s.take(Push{Type: given.AlarmType, Target: given.Target, Labels: given.Labels, Body: body})
}

func (s *Server) take(p Push) *refusal {
	rule, known := s.Rules[p.Type]
	if s.Rules != nil && !known {
		return &refusal{http.StatusBadRequest, "20001", "告警规则不存在，告警规则类型：" + p.Type + "，请检查！"}
	}
	s.mu.Lock()
	now := s.clock()
	s.pushes = append(s.pushes, p)
	var e *event
	for _, one := range s.events {
		if one.kind == p.Type && one.target == p.Target && one.ended.IsZero() {
			e = one
		}
	}
	if e == nil {
		e = &event{id: 1000001 + len(s.events), kind: p.Type, target: p.Target, began: now}
		s.events = append(s.events, e)
	}
	e.labels, e.seen = maps.Clone(p.Labels), now
	rule.fill(e)
	due := now.Sub(e.told) >= resend
	if due {
		e.told = now
	}
	told := *e
	s.mu.Unlock()
	if due {
		s.tell(&told)
	}
	return nil
}

// sweep ends the alarms that were not pushed for too long.
func (s *Server) sweep() {
	s.mu.Lock()
	var over []event
	for _, e := range s.events {
		if end := e.seen.Add(elimination); e.ended.IsZero() && !s.clock().Before(end) {
			e.ended = end
			over = append(over, *e)
		}
	}
	s.mu.Unlock()
	for i := range over {
		s.tell(&over[i])
	}
}

func (s *Server) tell(e *event) {
	if s.Channel != nil {
		s.Channel(e.environ())
	}
}

func (r Rule) fill(e *event) {
	e.name, e.level = cmp.Or(r.Title, e.kind), cmp.Or(r.Level, 3)
	e.details = expand(cmp.Or(r.Description, "${alarm_target} ${alarm_name}"), func(name string) string {
		return cmp.Or(map[string]string{"alarm_type": e.kind, "alarm_target": e.target, "alarm_name": e.name}[name], e.labels[name])
	})
}

// environ returns the variables of a message about an alarm. Which variables OCP
// sets that have no value is not documented; here none.
func (e *event) environ() []string {
	id, level := strconv.Itoa(e.id), [...]string{"停服", "严重", "警告", "注意", "提醒"}[min(max(e.level, 1), 5)-1]
	all := maps.Clone(e.labels)
	maps.Copy(all, map[string]string{
		"alarm_id": id, "alarm_type": e.kind, "alarm_name": e.name, "app_type": "OCP", "alarm_level": level, "alarm_status": "告警中",
		"alarm_scope": "服务", "alarm_target": e.target, "alarm_summary": e.target + " " + e.name, "alarm_description": e.details,
		"alarm_active_at": local(e.began), "alarm_updated_at": local(e.seen), "alarm_url": "http://192.0.2.1:8080/alarm/event/" + id,
	})
	heading := "OCP 告警通知"
	if !e.ended.IsZero() {
		heading = "【OCP 告警恢复通知】"
		all["alarm_status"], all["alarm_resolved_at"] = "已消除", local(e.ended)
	}
	all["message"] = "### " + heading + " " + e.name + "\n- 级别：" + level + "\n- 告警对象：" + e.target + "\n- 详情：" + e.details
	var environ []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		environ = append(environ, name+"="+strings.ReplaceAll(all[name], "\x00", ""))
	}
	return environ
}

func local(t time.Time) string {
	return t.In(time.FixedZone("", 8*60*60)).Format("2006-01-02T15:04:05.999-07:00")
}

// Render puts the variables of a message into the template of an HTTP channel as
// OCP does, which escapes nothing. A variable that does not exist is nothing.
func Render(template string, environ []string) string {
	return expand(template, func(name string) string {
		for _, pair := range environ {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	})
}

func expand(template string, value func(name string) string) string {
	return regexp.MustCompile(`\$\{[^{}]*\}`).ReplaceAllStringFunc(template, func(name string) string {
		return value(name[2 : len(name)-1])
	})
}

func (s *Server) list(query url.Values) (any, *refusal) {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{}
	for _, e := range slices.Backward(s.events) {
		if status := query.Get("status"); status == "" || status == e.status() {
			all = append(all, e.wire())
		}
	}
	number, err := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	size, err2 := strconv.Atoi(cmp.Or(query.Get("size"), "10"))
	if err != nil || err2 != nil || number < 1 || size < 1 || size > 200 {
		return nil, &refusal{http.StatusBadRequest, "10001", "参数错误"}
	}
	first := min((number-1)*size, len(all))
	return map[string]any{"contents": all[first:min(first+size, len(all))], "page": map[string]any{
		"number": number, "size": size, "totalElements": len(all), "totalPages": (len(all) + size - 1) / size,
	}}, nil
}

func (s *Server) get(id string) (any, *refusal) {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if strconv.Itoa(e.id) == id {
			return e.wire(), nil
		}
	}
	return nil, &refusal{http.StatusNotFound, "70001", "告警不存在"}
}

func (e *event) status() string {
	if e.ended.IsZero() {
		return "Active"
	}
	return "Inactive"
}

func (e *event) wire() map[string]any {
	w := map[string]any{
		"id": e.id, "alarmType": e.kind, "appType": "OCP", "name": e.name, "scope": "Service", "level": e.level, "status": e.status(), "target": e.target,
		"summary": e.target + " " + e.name, "description": e.details, "labels": e.labels, "activeAt": utc(e.began), "updatedAt": utc(e.seen),
	}
	if !e.ended.IsZero() {
		w["resolvedAt"] = utc(e.ended)
	}
	return w
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
