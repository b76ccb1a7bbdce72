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
// # What an event means
//
// Products choose the words of their events freely, and the level only says how
// important one is. So this package decides whether an event begins a problem,
// ends one or is news, by a table and by rules, which the vendor's own lists of
// system events test row by row:
//
//   - Failed begins a problem, whatever else the event says, and so does a
//     failover or a switchover.
//   - Executed ends a problem, unless it leaves the thing down (Stop, Delete,
//     Release): a stopped machine is not recovered. Avoided and Canceled end one.
//   - content.action, where there is one, says start or end.
//   - A word of its own in the name or the state ends a problem: Failure_End,
//     DeviceOnline, job_restore. Weekend, FrontEnd and Backup do not.
//   - A creation or another operation that succeeds is news.
//   - What no rule knows begins a problem.
//
// Key names the problem by the word that both ends of it share, and by its
// object: the resource and, inside it, the host, node, port, disk, domain or other
// object that the content names. The thresholds of a quota and the days of a
// certificate are problems of their own, because nothing ever reports their end.
// Of a rule, all levels are one problem. A machine that stops begins one, and a
// machine that runs is news: messages may arrive out of order, and a stopped
// machine must never look recovered.
//
// # The webhook
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
