package ocptest

// words are what a language calls things.
type words struct {
	levels            [5]string
	active, inactive  string
	heading, recovery string
	fields            [3]string // level, target, details
	scopes            map[string]string
}

// words returns those of the channel's language. What the vendor's documents
// do not tell of a language is as in Simplified Chinese or plain English.
func (c *Channel) words() words {
	switch c.Language {
	case "en_US":
		return words{
			[5]string{"Down", "Critical", "Warning", "Caution", "Reminder"}, "Active", "Cleared",
			"[OCP Alarm Notification]", "[Alarm Recover Notification]",
			[3]string{"Level: ", "Target: ", "Details: "}, nil,
		}
	case "zh_TW":
		return words{
			[5]string{"停服", "嚴重", "警告", "注意", "提醒"}, "警示中", "已消除", "OCP 警示通知", "【OCP 警示恢復通知】",
			[3]string{"級別：", "警示物件：", "詳情："}, nil,
		}
	}
	return words{
		[5]string{"停服", "严重", "警告", "注意", "提醒"}, "告警中", "已消除", "OCP 告警通知", "【OCP 告警恢复通知】",
		[3]string{"级别：", "告警对象：", "详情："}, map[string]string{"Host": "主机", "Cluster": "集群", "Tenant": "租户", "Service": "服务"},
	}
}

// level returns the word for a level.
func (w *words) level(n int) string {
	if n < 1 || n > len(w.levels) {
		return ""
	}
	return w.levels[n-1]
}

// scope returns the word for a scope.
func (w *words) scope(s string) string {
	if word, ok := w.scopes[s]; ok {
		return word
	}
	return s
}

// color returns the colour of a level.
func color(level int) string {
	colors := []string{"#722ED1", "#F5222D", "#FA8C16", "#1890FF", "#52C41A"}
	if level < 1 || level > len(colors) {
		return ""
	}
	return colors[level-1]
}
