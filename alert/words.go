package alert

// words holds what one language calls the parts and states of an alert.
type words struct {
	field    [FieldLink + 1]string
	status   [News + 1]string
	severity [Critical - Info + 1]string // from Info up
	title    [News + 1]string
	test     string
}

// words returns the table of l.
func (l Locale) words() *words {
	switch l {
	case English:
		return &english
	case Japanese:
		return &japanese
	}
	return &chinese
}

// chinese keeps the names that readers of the Aliyun relay know. The product
// is a cloud product there, and the instance a node.
//
//nolint:gochecknoglobals // read-only table
var chinese = words{
	field: [...]string{
		FieldTime:     "通知时间",
		FieldStatus:   "状态",
		FieldSource:   "来源",
		FieldProduct:  "云产品",
		FieldLevel:    "告警级别",
		FieldRegion:   "区域",
		FieldInstance: "告警节点",
		FieldResource: "资源",
		FieldContent:  "告警内容",
		FieldDetails:  "详情",
		FieldLink:     "查看",
	},
	status:   [...]string{Firing: "告警中", Resolved: "已恢复", NoData: "无数据", News: "事件"},
	severity: [...]string{"信息", "通知", "警告", "重要", "紧急"},
	title:    [...]string{Firing: "告警通知", Resolved: "恢复通知", NoData: "无数据通知", News: "事件通知"},
	test:     "测试",
}

//nolint:gochecknoglobals // read-only table
var english = words{
	field: [...]string{
		FieldTime:     "Time",
		FieldStatus:   "Status",
		FieldSource:   "Source",
		FieldProduct:  "Product",
		FieldLevel:    "Level",
		FieldRegion:   "Region",
		FieldInstance: "Instance",
		FieldResource: "Resource",
		FieldContent:  "Alert",
		FieldDetails:  "Details",
		FieldLink:     "Link",
	},
	status:   [...]string{Firing: "Firing", Resolved: "Resolved", NoData: "No data", News: "News"},
	severity: [...]string{"Info", "Notice", "Warning", "Major", "Critical"},
	title:    [...]string{Firing: "Alert", Resolved: "Resolved", NoData: "No data", News: "News"},
	test:     "Test",
}

//nolint:gochecknoglobals // read-only table
var japanese = words{
	field: [...]string{
		FieldTime:     "通知時刻",
		FieldStatus:   "状態",
		FieldSource:   "通知元",
		FieldProduct:  "サービス",
		FieldLevel:    "重要度",
		FieldRegion:   "リージョン",
		FieldInstance: "インスタンス",
		FieldResource: "リソース",
		FieldContent:  "アラート内容",
		FieldDetails:  "詳細",
		FieldLink:     "リンク",
	},
	status:   [...]string{Firing: "発生中", Resolved: "復旧", NoData: "データなし", News: "お知らせ"},
	severity: [...]string{"情報", "注意", "警告", "重大", "緊急"},
	title:    [...]string{Firing: "アラート通知", Resolved: "復旧通知", NoData: "データなし通知", News: "お知らせ"},
	test:     "テスト",
}
