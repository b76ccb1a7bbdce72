package aliyun_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// TestPairs: the inputs of one problem share a Key, and nothing else does.
func TestPairs(t *testing.T) {
	t.Parallel()
	problems := [][]string{
		{"t2-e01-wafv3-start.json", "t2-e02-wafv3-end.json"},
		{"t2-e03-wafv3-start-other-object.json"},
		{"t2-e06-ecs-failstop-executing.json", "t2-e07-ecs-failstop-executed.json"},
		{"t2-e11-resource-id-placeholder.json"},
		{"t2-s01-rds-failure-start.json", "t2-s02-rds-failure-end.json", "t2-s03-shapeB-failure-start.json", "t2-s04-shapeB-failure-end.json"},
	}
	keys, ids := map[string]int{}, map[string]string{}
	for i, files := range problems {
		for _, file := range files {
			a := only(t, file)
			require.NotEmpty(t, a.Key)
			if other, known := keys[a.Key]; known {
				require.Equal(t, other, i, file)
			}
			require.Equal(t, only(t, files[0]).Key, a.Key, file)
			require.Empty(t, ids[a.ID], file)
			keys[a.Key], ids[a.ID] = i, file
		}
	}
	require.Equal(t, alert.Resolved, only(t, "t2-e02-wafv3-end.json").Status)
	require.Equal(t, alert.Firing, only(t, "t2-e07-ecs-failstop-executed.json").Status)
	require.Equal(t, alert.Resolved, only(t, "t2-s02-rds-failure-end.json").Status)
	require.True(t, only(t, "t2-e11-resource-id-placeholder.json").Test)
}

// TestKeyNamesTheObject: two objects of one resource are two problems, wherever
// the content names them.
func TestKeyNamesTheObject(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"resource", "host", "hostName", "hostname", "HostName", "host_name", "node", "nodeName", "node_id", "nodeId", "ip", "IP", "hostIp", "port",
		"portName", "device", "deviceId", "deviceSn", "device_sn", "disk", "diskId", "disk_id", "domain", "domainName", "eip", "bucket", "bucketName",
		"table", "tableName", "jobId", "job_id", "job_name", "dtsJobId", "index", "instanceId", "instanceID", "ecsInstanceId", "vmName",
		"serviceName", "componentName", "interface", "tunnelId", "vpnConnectionId", "topic", "consumerGroup", "queueName", "dbName", "shard",
		"scalingGroupId", "listenerPort", "backendServerId", "ipAddress", "targetIp", "certId", "fooBarId", "wanPort", "portNo", "mountPoint", "address", "target", "worker",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			about := func(c any) alert.Alert {
				return eventOf(t, map[string]any{"product": "x", "name": "Node:Sick", "content": c})
			}
			nested := func(value string) any { return content{"detail": content{key: value}} }
			listed := func(value string) any { return content{"affected": []any{content{key: value}}} }
			asText := func(value string) any {
				text, err := json.Marshal(content{key: value})
				require.NoError(t, err)
				return content{"detail": string(text)}
			}
			flat := func(value string) any { return content{key: value} }
			for _, shape := range []func(string) any{flat, nested, listed, asText} {
				one, other := about(shape("first-1")), about(shape("second-2"))
				require.NotEqual(t, one.Key, other.Key)
				require.NotEqual(t, one.ID, other.ID)
				require.NotEqual(t, about(nil).Key, one.Key)
			}
		})
	}
	two := func(a, b string) alert.Alert {
		return eventOf(t, map[string]any{"product": "x", "name": "Node:Sick", "content": content{"nodes": []string{a, b}}})
	}
	require.Equal(t, two("a", "b").Key, two("b", "a").Key)
	require.NotEqual(t, two("a", "b").Key, two("a", "c").Key)
}

// TestKeyOfBothEnds: what differs between the ends of a problem is not in its Key.
func TestKeyOfBothEnds(t *testing.T) {
	t.Parallel()
	begin := content{
		"host": "h-1", "instance_id": "i-1", "action": "start", "state": "bad", "status": "Critical", "level": "CRITICAL", "count": 3, "value": "97.5",
		"usage": "95%", "disk": "95%", "node": 3, "start_time": "2025-08-22 09:30:00", "end_time": "", "startTime": "1", "timestamp": 1, "duration": "1m",
		"eventId": "11", "id": "1", "uuid": "x", "guid": "y", "bizEventId": "1", "alertId": "1", "requestId": "1", "traceId": "1", "messageId": "1", "taskId": "1", "pid": 7,
		"message": "host h-1 is down", "reason": "oom", "description": "bad", "eventName": "A", "connections": 10, "srcIp": "192.0.2.1", "sourceIp": "192.0.2.1",
		"attackerIp": "192.0.2.1", "publicIpAddress": "192.0.2.7", "privateIpAddress": "10.0.0.1", "instanceName": "old", "instanceType": "a", "link": "https://c.example/1",
		"userId": "1", "aliuid": "1", "version": "1", "operator": "a", "errorCode": "1", "oldMasterNode": "n1",
	}
	for _, key := range slices.Sorted(maps.Keys(begin)) {
		if key == "host" {
			continue
		}
		end := maps.Clone(begin)
		one := eventOf(t, map[string]any{"product": "x", "name": "Node_Failure_Start", "content": end})
		end[key] = "2222-other"
		if key == "disk" || key == "node" || key == "connections" {
			end[key] = 44.5
		}
		if key == "link" {
			end[key] = "https://c.example/2"
		}
		if key == "instance_id" {
			delete(end, key) // it repeats the resource
		}
		two := eventOf(t, map[string]any{
			"product": "x", "name": "Node_Failure_End", "content": end, "level": "INFO", "status": "Executed", "id": "2", "traceId": "3",
			"eventTime": "20250822T094000.000+0800", "ruleName": "other",
		})
		require.Equal(t, one.Key, two.Key, key)
	}
}

// TestPairsOfNames: the names of the vendor's pairs share a Key, and the begins
// of two kinds do not.
func TestPairsOfNames(t *testing.T) {
	t.Parallel()
	key := func(name string) string { return eventOf(t, map[string]any{"product": "x", "name": name}).Key }
	for _, pair := range [][2]string{
		{"Instance_Failure_Start", "Instance_Failure_End"},
		{"InstanceFailureStart", "Instance_Failure_End"},
		{"DeviceOffline", "DeviceOnline"},
		{"DeviceWanLinkDown", "DeviceWanLinkUp"},
		{"ddosdip_event_blackhole_add", "ddosdip_event_blackhole_end"},
		{"ddoscoo_event_defense_add", "ddoscoo_event_defense_end"},
		{"Agent_Status_Stopped", "Agent_Status_Running"},
		{"sync_job_abnormal", "sync_job_restore"},
		{"AUTOSCALING:SCALE_OUT_WARN", "AUTOSCALING:SCALE_IN_WARN"},
		{"EMR-110401013", "EMR-110401012"},
		{"Disk:Stalled:Executing", "Disk:Stalled:Executed"},
		{"Instance:SystemMaintenance.ScheduledOperation:ReminderNotifice", "Instance:SystemMaintenance.ScheduledOperation:Executed"},
		{"NodeFailed", "NodeRecovered"},
	} {
		require.Equal(t, key(pair[0]), key(pair[1]), pair)
	}
	apart := []string{
		"Instance_Failure_Start", "Instance_Failover", "DeviceOffline", "DeviceStopped", "DeviceLinkDown", "DeviceWanLinkDown", "ipsec_phase1_nego_failed",
		"ipsec_phase2_nego_failed", "ddosdip_event_blackhole_add", "ddosdip_event_defense_add", "CertKeyExpired_1", "CertKeyExpired_30",
		"SixtyPercentQuotaExceeded:Route", "EightyPercentQuotaExceeded:Route", "QuotaExceeded:Route", "Scaling:ScalingActivity:Failed",
		"Scaling:ScalingActivity:Timeout", "Disk:Stalled:Executing", "Disk:ErrorDetected:Executing", "Instance:SystemMaintenance.Stop:Executing",
		"Instance:SystemFailure.Stop:Executing",
	}
	seen := map[string]string{}
	for _, name := range apart {
		k := key(name)
		require.Empty(t, seen[k], name)
		seen[k] = name
	}
}

// TestTasksOfOneInstance: the states of one task are one problem, and another
// task on the machine is another.
func TestTasksOfOneInstance(t *testing.T) {
	t.Parallel()
	key := func(name, task string, more content) string {
		more["eventId"] = task
		return eventOf(t, map[string]any{"product": "ECS", "name": name, "content": more}).Key
	}
	first := key("Instance:SystemFailure.Redeploy:Scheduled", "e-1", content{})
	require.Equal(t, first, key("Instance:SystemFailure.Redeploy:Executed", "e-1", content{"deviceId": "d"}))
	require.NotEqual(t, first, key("Instance:SystemFailure.Redeploy:Scheduled", "e-2", content{}))
}

// TestScalingGroup: the machines of a scaling group come and go.
func TestScalingGroup(t *testing.T) {
	t.Parallel()
	key := func(name, machine string) string {
		return eventOf(t, map[string]any{"product": "ESS", "name": name, "content": content{"instanceIds": []string{machine}}}).Key
	}
	require.Equal(t, key("AUTOSCALING:SCALE_OUT_WARN", "i-1"), key("AUTOSCALING:SCALE_IN_WARN", "i-2"))
}

// TestIdentitySurvivesSpelling: order, white space and the letter case of the
// product say nothing.
func TestIdentitySurvivesSpelling(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"id":"1","eventTime":"20250822T093000.000+0800",`, ""} {
		one := alertOf(t, `{`+id+`"product":"WAF","name":"Some:Thing","resourceId":"acs:waf:cn-x:1:instance/w-1",
			"content":{"a":{"x":1,"y":[{"p":1,"q":2}]},"host":"h"},"new":{"a":1,"b":2}}`)
		other := alertOf(t, `{"new":{"b":2,"a":1}, "content": {"host": "h", "a": {"y": [ { "q" : 2, "p": 1 } ], "x": 1}}, `+id+`
			"resourceId":"acs:WAF:cn-x:1:instance/w-1","name":"Some:Thing","product":"waf" }`)
		require.Equal(t, one.Key, other.Key)
		require.Equal(t, one.ID, other.ID)
	}
}

// TestNewsIsNoProblem: news never has the Key of a problem, and each its own.
func TestNewsIsNoProblem(t *testing.T) {
	t.Parallel()
	attach := func(result, id string) alert.Alert {
		return eventOf(t, map[string]any{"product": "ECS", "name": "Disk:DiskOperationCompleted", "id": id, "content": content{"result": result}})
	}
	failed, one, two := attach("failed", "1"), attach("accomplished", "2"), attach("accomplished", "3")
	require.Equal(t, []alert.Status{alert.Firing, alert.News, alert.News}, []alert.Status{failed.Status, one.Status, two.Status})
	require.True(t, strings.HasPrefix(one.Key, "news/"))
	require.NotEqual(t, one.Key, two.Key)
	require.NotEqual(t, one.ID, two.ID)
	require.Equal(t, one.Key, attach("accomplished", "2").Key)
}

// TestPlaceholders: what a template left empty is a test, and names no object.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	gap := ""
	real := eventOf(t, map[string]any{"product": "x", "name": "Node_Failure_End"})
	require.False(t, real.Test)
	for _, resource := range []string{
		"acs:ecs:cn-x:1:instance/{instanceId}", "acs:ecs:cn-x:1:instance/<resource-id>", "acs:ecs:cn-x:1:instance/${id}", "<实例ID>", "{instance_id}",
	} {
		a := eventOf(t, map[string]any{"product": "x", "name": "Node_Failure_End", "resourceId": resource})
		require.True(t, a.Test, resource)
		gap = cmp.Or(gap, a.Key)
		require.Equal(t, gap, a.Key, "a placeholder names no object")
		named := eventOf(t, map[string]any{"product": "x", "name": "Node_Failure_End", "resourceId": resource, "instanceName": "db-1"})
		require.True(t, strings.HasPrefix(named.Key, "test/"), named.Key)
		require.NotEqual(t, gap, named.Key)
	}
	for _, name := range []string{"instanceName", "{instanceName}", "<name>"} {
		a := eventOf(t, map[string]any{"product": "x", "name": "Node_Failure_End", "instanceName": name})
		require.True(t, a.Test, name)
		require.NotEqual(t, real.Key, a.Key, "a test must not end a problem")
	}
	for _, name := range []string{"web {1}", "a<b", "x{}", "<>", "{", "db>1<", "i-6c9****"} {
		require.False(t, eventOf(t, map[string]any{"product": "x", "name": "n", "instanceName": name}).Test, name)
	}
}

// TestOtherEncoding: names in another encoding than UTF-8 stay apart.
func TestOtherEncoding(t *testing.T) {
	t.Parallel()
	gbk := []string{"\xb4\xc5\xc5\xcc", "\xca\xfd\xbe\xdd", "\xb4\xc5", "\xb4\xc5\xc5\xcc\\u4e00"}
	forms := map[string]func(name string) string{
		"event":   func(n string) string { return `{"product":"p","name":"n","instanceName":"` + n + `"}` },
		"content": func(n string) string { return `{"product":"p","name":"n","content":{"host":"` + n + `"}}` },
		"nested":  func(n string) string { return `{"product":"p","name":"n","content":{"a":{"host":"` + n + `"}}}` },
		"subscription": func(n string) string {
			return `{"alert":{"eventName":"E","product":"p","arn":"acs:p:r:1:i/` + n + `"},"batchId":"1"}`
		},
		"threshold": func(n string) string { return "alertState=ALERT&ruleId=r&instanceName=" + n },
		"dimension": func(n string) string { return "alertState=ALERT&ruleId=r&dimensions={app=" + n + "}" },
		"rule":      func(n string) string { return "alertState=ALERT&metricName=m&alertName=" + n },
	}
	for name, body := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, ids := map[string]bool{}, map[string]bool{}
			for _, n := range gbk {
				a := alertOf(t, body(n))
				keys[a.Key], ids[a.ID] = true, true
			}
			require.Len(t, keys, len(gbk))
			require.Len(t, ids, len(gbk))
		})
	}
}
