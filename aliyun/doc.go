// Package aliyun reads the alerts that Alibaba Cloud CloudMonitor (云监控) posts
// to a webhook, and those that its sisters post to the same URL, and serves the
// webhook.
//
// [Parse] accepts every body that they are known to send:
//
//   - the threshold alert, a form of 12, 15 or 23 fields according to its year,
//     and the JSON that the documentation of 2018 printed: [Threshold];
//   - the system event of an event alert rule, a JSON object: [Event];
//   - the event subscription, by POST or GET, as JSON or as a form:
//     [Subscription];
//   - the alert of CloudMonitor 2.0: [CloudMonitor2];
//   - the alert of the log service (SLS), as its default template sends it:
//     [LogAlert];
//   - the group of ARMS and of Prometheus Alertmanager: [Alertmanager];
//   - the event of EventBridge, which carries one of the above: [CloudEvent];
//   - a JSON array of these: [Callback.Parts].
//
// The bytes decide which one it is. Neither the method nor the media type is
// asked, because documentation and captures disagree on both. A [Callback]
// keeps everything: the fields under the vendor's names and in its spelling,
// the fields this package does not know, and the raw text. A field that cannot
// be read is reported in [Callback.Problems] and never costs the alert.
// [Callback.Alerts] turns it into alerts.
//
// [Handler] is the webhook itself: a secret in the path or in a header, one for
// each [Account] if there are several, an optional list of caller addresses, an
// answer within CloudMonitor's five seconds, and 200 only when the
// [alert.Sender] has accepted the alert. What it cannot read it reports as an
// alert too.
//
// # Vendor pages
//
// Read in November 2026, in copies of the years given:
//
//   - "Use the alert callback feature", alibabacloud.com/help, document 60714
//     (2018, 2019, 2021, 2023, 2024, June 2026)
//   - "Configure callbacks for system event-triggered alerts", documents
//     207296 and 281090 (2023)
//   - "Configure callbacks for system event-triggered alerts (recommended)",
//     CloudMonitor 1.0 user guide (July 2025)
//   - "System events of Alibaba Cloud services", CloudMonitor, appendix 2
//     (March 2021), and the event pages of ECS (July 2021)
//   - SendDryRunSystemEvent, CloudMonitor API reference (March 2021)
//   - "Notification object", CloudMonitor 2.0 (March 2026)
//   - "Variables in alert templates", "Default alert templates" and
//     "Deduplicate alerts based on fingerprints", log service, documents 317765,
//     209465 and 209194 (2021, 2024, 2025)
//   - "Format of alert notifications sent by using webhooks", ARMS, document
//     260979 (July 2021)
//   - "Event overview" and "CloudMonitor events", EventBridge, document 181428
//     (June 2024)
package aliyun
