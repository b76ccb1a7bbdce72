package ocptest

import (
	"cmp"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// A Rule is what OCP knows of an alarm type. Its texts are templates: ${name}
// stands for a label, or for a variable of the alarm such as alarm_target.
type Rule struct {
	Title       string // default: the name of the rule
	Level       int    // 1, the worst, to 5; default: 3
	Scope       string // default: Service
	AppType     string // default: OCP
	Summary     string // default: target and title
	Description string // default: the summary
}

// An Event is an alarm. Those of pushes are made by the server; [Server.Raise]
// adds others.
type Event struct {
	ID     int64  // default of Raise: the next one
	Type   string // name of the rule
	Target string
	Labels map[string]string

	Name, Scope, AppType string
	Summary, Description string
	Level                int
	Status               string // Active, Inactive, Silenced, Inhibited; default of Raise: Active

	ActiveAt, UpdatedAt, ResolvedAt time.Time

	Pushed bool      // it ends by itself when it is not pushed again
	told   time.Time // when the channel was told last
}

// firstID is the id of the first alarm.
const firstID = 1000001

// push takes an alarm that an API user tells of.
func (s *Server) push(r *http.Request, body []byte) *refusal {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return &refusal{status: http.StatusUnsupportedMediaType, message: "Content type not supported"}
	}
	var given struct {
		AlarmType *string            `json:"alarmType"`
		Target    *string            `json:"target"`
		Labels    map[string]*string `json:"labels"`
	}
	if json.Unmarshal(body, &given) != nil || given.AlarmType == nil || given.Target == nil || *given.Target == "" || given.Labels == nil {
		return &refusal{http.StatusBadRequest, "COM10001", "参数错误"}
	}
	p := Push{Type: *given.AlarmType, Target: *given.Target, Labels: map[string]string{}, Body: body}
	for name, value := range given.Labels {
		if value == nil {
			return &refusal{http.StatusBadRequest, "COM10001", "参数错误"}
		}
		p.Labels[name] = *value
	}
	s.sweep()
	return s.take(p)
}

// take notes a push, and tells the channel when it is time.
func (s *Server) take(p Push) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	rule, known := s.Rules[p.Type]
	if s.Rules != nil && !known || p.Type == "" {
		return &refusal{http.StatusBadRequest, "ALM20001", "告警规则不存在，告警规则类型：" + p.Type + "，请检查！"}
	}
	p.Time = s.clock()
	s.pushes = append(s.pushes, p)
	e := s.find(p.Type, p.Target)
	if e == nil {
		e = &Event{ID: s.nextID(), Type: p.Type, Target: p.Target, Status: "Active", ActiveAt: p.Time, Pushed: true}
		s.events = append(s.events, e)
	}
	e.Labels, e.UpdatedAt = maps.Clone(p.Labels), p.Time
	rule.fill(e)
	if e.told.IsZero() || p.Time.Sub(e.told) >= s.Resend {
		e.told = p.Time
		s.tell(*e)
	}
	return nil
}

// find returns the active alarm of a rule about a target.
func (s *Server) find(alarmType, target string) *Event {
	for _, e := range s.events {
		if e.Type == alarmType && e.Target == target && e.Status != "Inactive" {
			return e
		}
	}
	return nil
}

// nextID returns the id of the next alarm.
func (s *Server) nextID() int64 { return firstID + int64(len(s.events)) }

// Raise adds an alarm of OCP's own, and returns its id.
func (s *Server) Raise(e Event) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if e.ID == 0 {
		e.ID = s.nextID()
	}
	if e.Status == "" {
		e.Status = "Active"
	}
	if e.ActiveAt.IsZero() {
		e.ActiveAt = now
	}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = now
	}
	e.Labels = maps.Clone(e.Labels)
	s.events = append(s.events, &e)
	return e.ID
}

// Change gives an alarm another status, such as Inactive or Silenced.
func (s *Server) Change(id int64, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.ID == id {
			e.Status, e.UpdatedAt = status, s.clock()
			if status == "Inactive" {
				e.ResolvedAt = e.UpdatedAt
			}
		}
	}
}

// sweep ends the alarms that were not pushed for too long.
func (s *Server) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if end := e.UpdatedAt.Add(s.Elimination); e.Pushed && e.Status == "Active" && !s.clock().Before(end) {
			e.Status, e.ResolvedAt = "Inactive", end
			s.tell(*e)
		}
	}
}

// fill gives an alarm the texts of its rule.
func (r Rule) fill(e *Event) {
	e.Name, e.Level, e.Scope, e.AppType = cmp.Or(r.Title, e.Type), r.Level, cmp.Or(r.Scope, "Service"), cmp.Or(r.AppType, "OCP")
	if e.Level == 0 {
		e.Level = 3
	}
	variables := maps.Clone(e.Labels)
	maps.Copy(variables, map[string]string{
		"alarm_type": e.Type, "alarm_target": e.Target, "alarm_name": e.Name, "alarm_level": strconv.Itoa(e.Level),
	})
	e.Summary = expand(cmp.Or(r.Summary, "${alarm_target} ${alarm_name}"), variables)
	e.Description = expand(cmp.Or(r.Description, e.Summary), variables)
}

// expand replaces the variables of a template. One that does not exist is
// nothing.
func expand(template string, variables map[string]string) string {
	return regexp.MustCompile(`\$\{[^{}]*\}`).ReplaceAllStringFunc(template, func(name string) string {
		return variables[name[2:len(name)-1]]
	})
}
