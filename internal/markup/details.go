package markup

import (
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// noise are the keys of details that say nothing to people.
//
//nolint:gochecknoglobals // read-only table
var noise = map[string]bool{"dry_run": true, "dryRun": true, "engine": true, "logStore": true, "logstore": true}

// keys are the keys of details that sources use, in the languages by their
// order: Chinese, English, Japanese.
//
//nolint:gochecknoglobals // read-only table
var keys = map[string][3]string{
	// Of Alibaba Cloud.
	"condition":         {"条件", "Condition", "条件"},
	"content":           {"内容", "Content", "内容"},
	"curValue":          {"当前值", "Current value", "現在値"},
	"device":            {"设备", "Device", "デバイス"},
	"eventId":           {"事件 ID", "Event ID", "イベント ID"},
	"eventStatus":       {"事件状态", "Event status", "イベント状態"},
	"eventType":         {"事件类型", "Event type", "イベント種別"},
	"executeFinishTime": {"执行结束时间", "Finished", "実行終了時刻"},
	"executeStartTime":  {"执行开始时间", "Started", "実行開始時刻"},
	"fire_results":      {"触发数据", "Data", "検知データ"},
	"instanceId":        {"实例 ID", "Instance ID", "インスタンス ID"},
	"lastTime":          {"持续时间", "Lasted", "継続時間"},
	"notBefore":         {"计划执行时间", "Planned for", "予定時刻"},
	"productGroupName":  {"应用分组", "Application group", "アプリケーショングループ"},
	"publishTime":       {"发布时间", "Published", "公開時刻"},
	"reason":            {"原因", "Reason", "原因"},
	"region":            {"区域", "Region", "リージョン"},
	"regionId":          {"区域", "Region", "リージョン"},
	"ruleName":          {"规则", "Rule", "ルール"},
	"status":            {"状态", "Status", "状態"},

	// Of OCP.
	"alarm_count":      {"告警数", "Alarms", "アラーム数"},
	"alarm_group_by":   {"聚合维度", "Grouped by", "集約単位"},
	"alarm_status":     {"告警状态", "Alarm status", "アラーム状態"},
	"alarm_threshold":  {"阈值", "threshold", "しきい値"},
	"check_item":       {"检查项", "Check", "チェック項目"},
	"failed_reason":    {"失败原因", "Reason of the failure", "失敗の理由"},
	"operation_name":   {"操作", "Operation", "操作"},
	"operation_result": {"操作结果", "Result", "操作結果"},
	"operator":         {"操作人", "Operator", "操作者"},
	"value":            {"值", "Value", "値"},
}

// readable returns the summary of an alert with the keys of its source in the
// language of the reader, and without lines that say nothing to people. What
// other sources write is theirs.
func readable(l alert.Locale, a *alert.Alert) string {
	if a.Source != "aliyun" && a.Source != ocp || !strings.Contains(a.Summary, ":") {
		return a.Summary
	}
	var b strings.Builder
	for line := range strings.Lines(a.Summary) {
		key, value, found := strings.Cut(line, ": ")
		names, known := keys[key]
		switch {
		case found && noise[key]:
			continue
		case found && known:
			if before, threshold, inside := strings.Cut(value, "(alarm_threshold: "); inside {
				value = before + "(" + keys["alarm_threshold"][languageOf(l)] + colon(l) + threshold
			}
			line = names[languageOf(l)] + colon(l) + value
		}
		b.WriteString(line)
	}
	return b.String()
}

// languageOf returns the index of a language in keys.
func languageOf(l alert.Locale) alert.Locale {
	if l > alert.Japanese {
		return alert.Chinese
	}
	return l
}
