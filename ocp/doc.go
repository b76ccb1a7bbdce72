// Package ocp connects OceanBase Cloud Platform (OCP) in both directions.
//
// # From OCP: the custom-script channel
//
// OCP starts a script for each message and hands it the alarm in environment
// variables. [FromEnv] reads them into a [Payload], and [Payload.Alert] makes
// an alert of it. [Main] is the whole script: it runs a [Handler] and keeps the
// contract by which OCP judges the outcome. A program that brings alarms to a
// DingTalk group is
//
//	func main() {
//		os.Exit(ocp.Main(context.Background(), func(ctx context.Context, p *ocp.Payload) (ocp.Response, error) {
//			robot, err := dingtalk.New(token, nil)
//			if err != nil {
//				return "", err
//			}
//			return ocp.Deliver(robot)(ctx, p)
//		}, nil))
//	}
//
// OCP takes scripts of Python and Bash only, which it tells by their first
// line, so that a program needs a script around it, and has to be on every
// node of OCP:
//
//	#!/bin/bash
//	exec /opt/tocsin/ocp-dingtalk
//
// # The contract
//
// OCP looks at standard error, or else at standard output, and compares it
// with the response validation (Response 校验信息) of the channel; a further
// line, of a log for example, is a mismatch. A sending judged failed is
// repeated, and people get the message twice. Within ten seconds, Main prints
// one JSON object: the response on standard output with exit code 0, or the
// reason on standard error with 1. Enter {"errcode":0,"errmsg":"ok"} as response
// validation, see [ResponseOK].
//
// # Repetitions
//
// While an alarm lasts, OCP sends it anew every three minutes (before 4.1 every
// minute), if the channel aggregates nothing. [Remember] keeps the repetitions
// from the reader, across the processes; do without it if people shall be
// reminded.
//
// # Words
//
// Level and status come as words of the language of the push, and one message
// may mix languages. Known are the numbers, the native names, and the words of
// Simplified Chinese, Traditional Chinese and English. A level that is not known
// is a Warning and keeps its spelling in Level; a status that is not known is
// no good news. See [Payload.Severity] and [Payload.State].
//
// Which variables a script gets is not documented, nor is whether one without
// a value is missing, empty or left as ${name}: all three mean the same here.
//
// # Variables
//
// [FromEnv] reads these, as [Variables] lists them, and leaves alone what else
// the environment of OCP holds. Name, groups and first version; R stands for
// rules, N for notifications, A for aggregated messages, C for channels, M for
// message texts:
//
//	alarm_id                  NA   3.1   id of the alarm event
//	alarm_type                RNAC 3.1   name of the rule
//	alarm_name                RNAC 3.1   title of the rule, localized
//	alarm_level               RNAC 3.1   level, a localized word or 1 to 5
//	alarm_status              RNA  3.1   status, a localized word
//	alarm_scope               RNAC 3.1   scope, a localized word
//	alarm_level_color         NA   3.1   colour of the level
//	alarm_target              RNAC 3.1   the object, key=value joined by colons
//	alarm_summary             NAC  3.1   object and title
//	alarm_description         NAC  3.1   details
//	alarm_active_at           RNA  3.1   when it began
//	alarm_updated_at          RNA  3.1   when it was last seen
//	alarm_resolved_at         RNA  3.1   when it ended, if it did
//	alarm_duration            RNA  3.1   how long it lasts, in seconds
//	alarm_last_interval       RNA  3.1   how long it lasts, ISO 8601
//	alarm_evaluation_interval RNA  3.1   interval of the checks, in seconds
//	alarm_threshold           RNA  3.1   threshold
//	value                     RNA  3.1   what was measured
//	value_shown               M    4.0   the same for people
//	value_zh_cn               M    4.0   the same in Simplified Chinese
//	value_zh_tw               M    4.0   the same in Traditional Chinese
//	value_en_us               M    4.0   the same in English
//	alarm_url                 N    3.1   page of the alarm
//	alarm_count               A    3.1   alarms in the message
//	alarm_group_by            A    3.1   what they were grouped by
//	alarm_group               A    4.2.1 categories of the rule
//	app_type                  RNAC 3.1   application, such as OceanBase
//	service                   RNAC 3.1   service
//	app_cluster               RNAC 3.1   cluster of the application
//	ob_cluster_group          RNAC 3.1   group of clusters
//	ob_cluster                RNAC 3.1   cluster
//	ob_cluster_id             RN   3.1   id of the cluster
//	ob_tenant                 RNAC 3.1   tenant
//	host_ip                   RNAC 3.1   address of the host
//	svr_ip                    RNAC 4.0   the same under another name
//	operation_name            R    3.1   operation
//	operator                  R    3.1   who ran it
//	operation_result          R    3.1   how it went
//	failed_reason             R    3.1   why it failed
//	check_item                R    3.1   item of an inspection
//	message                   C    3.1   the text made from the template
//	message_json              C    3.1   the same as JSON, not always valid
//	recipients_uids           C    3.1   ids of the recipients, a comma list
//	recipients_json_array     C    3.1   recipients as a JSON array
//	at_recipients             C    3.1   text that mentions them
//
// Names that the tables lack, but that were seen in examples and records, are
// read too where they help: alarm_level_native and level, alarm_status_native,
// app, alarm_time, host_name, tenant_name, and the names, summaries and
// descriptions with the suffixes _zh_cn, _en_us, _zh_tw and _1, _2, _3.
//
// # To OCP: push and query
//
// A [Client] calls the API of an OCP, with a user and password ([Basic]) or with
// an access key that signs each attempt ([AccessKey]). [Client.Push] tells of an
// alarm, which OCP then treats like its own; [Client.Events], [Client.Event] and
// [Client.Notifications] read.
//
// A [Sender] pushes alerts. Nobody can tell OCP that a problem is over: an alarm
// ends when it is not pushed again. So a [Repeater] pushes what is firing until it
// is resolved, and a resolved alert is accepted without a call.
//
// A [Watcher] turns the list of active alarms into alerts. A page that failed
// never means that an alarm is over.
//
// A refused login is not tried again for ten minutes, by any goroutine: OCP locks
// the account after a few. Tests find an OCP to talk to in package ocptest.
//
// # Vendor pages
//
// Documentation of OCP 3.1.1 to 4.2.2, github.com/oceanbase/ocp-doc, read in
// November 2026: "OCP alert template variables", "Create an alert channel",
// "Alarm channel settings example", "Call an alert API" and "Alert-related
// concepts".
package ocp
