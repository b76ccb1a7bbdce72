package aliyun

import "strings"

// tellTale holds which keys that betray a shape are there. A key whose value
// is null or blank betrays nothing: no alert is made of empty fields.
type tellTale struct {
	alertObject, envelope bool // event subscription
	alertState            bool // threshold
	alerts, group         bool // Alertmanager, ARMS

	logService, logRule, logState bool // log service
	product, name                 bool // system event
	specVersion                   bool // CloudEvents, CloudMonitor 2.0
}

// signs looks for the tell-tale keys. The shapes of CloudMonitor 2.0 and of
// CloudEvents are told by values, which are only read if nothing else fits.
func signs(fields []field) tellTale {
	var s tellTale
	var room [foldSize]byte
	for _, f := range fields {
		if f.isNull() {
			continue
		}
		switch string(f.fold(room[:0])) {
		case "alert":
			s.alertObject = f.looksLikeObject()
		case "subscription", "strategyname", "batchid":
			s.envelope = true
		case "alertstate":
			s.alertState = f.saysSomething()
		case "alerts":
			_, s.alerts = f.array()
		case "commonlabels", "grouplabels", "receiver":
			s.group = true
		case "alert_instance_id":
			s.logService = f.saysSomething()
		case "alert_id", "alert_name":
			s.logRule = s.logRule || f.saysSomething()
		case "alert_time", "fire_time", "fire_results", "status":
			s.logState = true
		case "product":
			s.product = f.saysSomething()
		case "name":
			s.name = f.saysSomething()
		case "specversion":
			s.specVersion = f.saysSomething()
		}
	}
	return s
}

// saysSomething tells whether the field holds text that is not blank.
func (f field) saysSomething() bool {
	text, _ := f.text()
	return strings.TrimSpace(text) != ""
}
