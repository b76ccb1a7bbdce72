package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// seeOCP shows the alarms that were pushed to OCP.
func (s *Sandbox) seeOCP(e exchange) {
	if e.method != http.MethodPost || !strings.HasSuffix(e.path, "/alarms") {
		return
	}
	var answer struct {
		Successful bool
		Error      struct {
			Code    any
			Message string
		}
	}
	if json.Unmarshal(e.answer, &answer) != nil || !answer.Successful {
		s.hub.count(destOCP, func(t *tally) { t.Refused++ })
		s.hub.add(item{Dest: destOCP, Kind: "refusal", Tone: "bad", Title: fmt.Sprintf("HTTP %d", e.status),
			Meta: []string{clip(fmt.Sprintf("%v %s", answer.Error.Code, answer.Error.Message), 300)}})
		return
	}
	var push struct {
		AlarmType, Target string
		Labels            map[string]string
	}
	if json.Unmarshal(e.request, &push) != nil {
		return // the stand-in would have refused it
	}
	it := item{Dest: destOCP, Kind: "alarm", Tone: "bad", Title: push.AlarmType, Meta: []string{clip(push.Target, 300)}}
	for i, name := range slices.Sorted(maps.Keys(push.Labels)) {
		if i == 32 {
			break
		}
		it.Rows = append(it.Rows, row{Name: clip(name, 60), Value: clip(push.Labels[name], 500)})
	}
	s.hub.count(destOCP, func(t *tally) { t.Accepted++ })
	s.hub.add(it)
}
