package sandbox

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What Alibaba Cloud and OCP sent, or document, with digits changed.
var (
	//go:embed callbacks/event-2020-cfw-dryrun.json
	eventText string
	//go:embed callbacks/event-ecs-reboot-scheduled.json
	criticalText string
	//go:embed callbacks/threshold-2019-ecs-disk.form
	thresholdText string
	//go:embed callbacks/notify-4x-zh_CN-host-down.env
	ocpText string
	//go:embed callbacks/hostile.json
	hostileText string
)

// A callback is a request of CloudMonitor.
type callback struct{ media, body string }

// fresh makes a captured event one of now: equal ids are repetitions, which
// nobody delivers again.
func fresh(text string, now time.Time) callback {
	text = replaceJSON(text, "id", rand.Text())
	text = replaceJSON(text, "eventTime", now.Format("20060102T150405.000-0700"))
	return callback{"application/json", text}
}

// replaceJSON puts another text in the place of the first one of a name.
func replaceJSON(object, name, value string) string {
	at := strings.Index(object, `"`+name+`"`)
	if at < 0 {
		return object
	}
	head := object[:at+len(name)+2]
	rest := object[len(head):]
	begin := strings.IndexByte(rest, '"')
	if begin < 0 {
		return object
	}
	end := strings.IndexByte(rest[begin+1:], '"')
	if end < 0 {
		return object
	}
	return head + rest[:begin+1] + value + rest[begin+1+end:]
}

func event(now time.Time) callback    { return fresh(eventText, now) }
func critical(now time.Time) callback { return fresh(criticalText, now) }
func hostile(now time.Time) callback  { return fresh(hostileText, now) }

// form changes fields of the captured threshold alert.
func form(now time.Time, changes ...string) callback {
	fields, err := url.ParseQuery(strings.TrimSpace(thresholdText))
	if err != nil {
		panic("sandbox: " + err.Error()) // a part of the program
	}
	fields.Set("timestamp", strconv.FormatInt(now.UnixMilli(), 10))
	for i := 0; i+1 < len(changes); i += 2 {
		fields.Set(changes[i], changes[i+1])
	}
	return callback{"application/x-www-form-urlencoded", fields.Encode()}
}

func threshold(now time.Time) callback { return form(now) }

// recovery is what CloudMonitor sends when the same rule is met no more.
func recovery(now time.Time) callback {
	return form(now, "alertState", "OK", "triggerLevel", "OK", "preTriggerLevel", "INFO", "curValue", "42")
}

// gust is one callback of a storm: a few rules, met by many machines. One of
// them is bad enough for the telephone.
func gust(now time.Time, n int) callback {
	rules := []string{"diskusage_utilization_95.0", "cpu_total_95.0", "memory_usedutilization_90.0", "load_5m_16.0", "net_tcpconnection_20000"}
	metrics := []string{"磁盘使用率", "CPU使用率", "内存使用率", "系统平均负载", "TCP连接数"}
	level := []string{"WARN", "WARN", "INFO"}[n%3]
	if n == stormSize/2 {
		level = "CRITICAL"
	}
	id := fmt.Sprintf("i-storm%013d", n)
	return form(now, "alertName", rules[n%5], "metricName", metrics[n%5], "ruleId", "applyTemplate-"+rules[n%5], "triggerLevel", level,
		"instanceName", fmt.Sprintf("web-%04d/192.0.2.%d", n, n%250+1), "curValue", strconv.Itoa(95+n%5),
		"dimensions", "{userId=1234567890123456, instanceId="+id+"}")
}

// ocpEnvironment is what OCP gives to the script of a channel.
func ocpEnvironment(now time.Time) []string {
	stamp := now.Format("2006-01-02T15:04:05.000-07:00")
	env := []string{"alarm_id=" + strconv.FormatInt(now.UnixMilli(), 10), "alarm_active_at=" + stamp, "alarm_updated_at=" + stamp}
	for line := range strings.Lines(ocpText) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			env = append(env, line)
		}
	}
	return env // of a variable given twice the first counts
}
