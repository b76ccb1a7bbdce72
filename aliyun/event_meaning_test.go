package aliyun_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

type content = map[string]any

// TestMeaningOfUnlistedEvents: the rules carry to names that no table has.
func TestMeaningOfUnlistedEvents(t *testing.T) {
	t.Parallel()
	const begin, over, news = alert.Firing, alert.Resolved, alert.News
	tests := []struct {
		name, event, status string
		content             content
		want                alert.Status
	}{
		{"what nobody knows", "Some:Thing", "", nil, begin},
		{"normal is a word for warnings too", "Some:Thing", "Normal", nil, begin},
		{"running is no recovery of an unknown thing", "JobX", "Running", nil, begin},

		{"stopped", "Instance:SystemMaintenance.Stop:Executed", "Executed", nil, begin},
		{"stopped, and finished", "Instance:SystemFailure.Stop:Executed", "Executed", content{"executeFinishTime": "2025-08-22T01:02:00Z"}, begin},
		{"stopped, in the content only", "Instance:SystemFailure.Stop", "", content{"eventStatus": "Executed"}, begin},
		{"stopped for debts", "Instance:AccountUnbalanced.Stop", "", nil, begin},
		{"stopped for debts, done", "Instance:AccountUnbalanced.Stop:Executed", "", nil, begin},
		{"deleted when it expired", "Instance:InstanceExpiration.Delete", "Executed", nil, begin},
		{"released", "Disk:AccountUnbalanced.Release:Executed", "", nil, begin},
		{"stop avoided", "Instance:AccountUnbalanced.Stop:Avoided", "", nil, over},
		{"delete canceled", "Instance:InstanceExpiration.Delete:Canceled", "", nil, over},
		{"delete cancelled", "Instance:InstanceExpiration.Delete", "Cancelled", nil, over},
		{"unlocked", "Instance:SystemMaintenance.Unlock:Executed", "", nil, over},
		{"created", "Disk:Create:Executed", "", nil, news},
		{"started", "EnsInstance:Start:Executed", "Executed", nil, news},
		{"a notice is no task", "Connection:Reject", "Executed", nil, begin},
		{"a change is no task", "Execution:StatusChange", "Executed", nil, begin},
		{"task without its state in the name", "Instance:SystemMaintenance.Reboot", "Executed", nil, over},
		{"creation failed", "Disk:Create:Failed", "", nil, begin},
		{"creation failed, says the content", "EnsInstance:Create:Executed", "Executed", content{"result": "failed"}, begin},

		{"failover", "Cluster_Failover", "Executed", nil, begin},
		{"switchover, done", "Instance_Switchover", "Executed", nil, begin},
		{"switchover, under way", "Instance_Switchover", "Executing", nil, begin},
		{"switchover of another kind", "DBNode:Switchover:Executed", "", content{"executeFinishTime": "2025-08-22T01:02:00Z"}, begin},
		{"switchover, called off", "Proxy_Switchover", "Avoided", nil, begin},

		{"scheduled", "Instance:SystemMaintenance.ScheduledOperation:Scheduled", "", nil, begin},
		{"reminder", "Instance:SystemMaintenance.ScheduledOperation:ReminderNotifice", "Waiting", nil, begin},
		{"operation done", "Instance:SystemMaintenance.ScheduledOperation:Executed", "", nil, over},
		{"elastic plan delayed", "Instance:SystemMaintenance.Elastic:Delay", "Normal", nil, begin},
		{"elastic plan failed", "Instance:SystemMaintenance.Elastic:Failed", "Normal", nil, begin},
		{"inquiring", "Instance:SystemMaintenance.Stop:Inquiring", "", nil, begin},
		{"finished", "Disk:Degraded:Executing", "", content{"executeFinishTime": "2019-04-10T01:01:01Z"}, over},
		{"not finished, with a time for it", "Disk:Degraded:Executing", "Executing", content{"executeFinishTime": "2019-04-10T01:01:01Z", "eventStatus": "Executing"}, begin},
		{"finished, but failed", "Disk:Degraded:Executing", "", content{"executeFinishTime": "2019-04-10T01:01:01Z", "eventStatus": "Failed"}, begin},
		{"the content knows more than the name", "Disk:Degraded:Executing", "Executing", content{"eventStatus": "Avoided"}, over},
		{"a connection is no task", "Service:Connection:Zone:Reject", "Executed", nil, begin},
		{"a failed recovery, carried out", "Instance:RecoverFail", "Executed", nil, begin},
		{"a failed restore", "Cluster:RestoreFailed", "Executed", nil, begin},

		{"attack", "foo_attack", "acl", content{"action": "start", "end_time": ""}, begin},
		{"attack over", "foo_attack", "acl", content{"action": "end"}, over},
		{"attack over, in capitals", "foo_attack", "acl", content{"action": "END"}, over},
		{"attack over, by its time", "foo_attack", "acl", content{"start_time": "2025-08-22 09:00:00", "end_time": "2025-08-22 09:29:00"}, over},
		{"attack of WAF 2.0 over", "waf_event_ccattack", "end", nil, over},
		{"attack of WAF 2.0", "waf_event_ccattack", "start", nil, begin},
		{"no end yet", "foo_attack", "acl", content{"start_time": "2025-08-22 09:00:00", "end_time": "null"}, begin},
		{"planned end", "cutover", "Normal", content{"start_time": "2025-08-23 01:00:00", "end_time": "2025-08-23 03:00:00"}, begin},
		{"end of a measured minute", "BandwidthThresholdExceeded", "Exceeded", content{"start_time": "2025-08-22 09:00:00", "end_time": "2025-08-22 09:01:00"}, begin},
		{"end of a measured hour", "Instance:BurstablePerformanceRestricted", "Normal", content{"intervalEnd": "2019-11-11T12:00Z"}, begin},
		{"what will be done", "Instance:PreemptibleInstanceInterruption", "Normal", content{"action": "delete"}, begin},

		{"blackhole", "ddosx_event_blackhole_add", "blackhole_begin", nil, begin},
		{"blackhole over", "ddosx_event_blackhole_end", "blackhole_end", nil, over},
		{"the state alone says it", "ddosx_event_blackhole", "blackhole_end", nil, over},
		{"failure over", "Node_Failure_End", "", nil, over},
		{"failure over, in one word", "InstanceFailureEnd", "", nil, over},
		{"failure over, and failed", "Node_Failure_End", "Failed", nil, begin},
		{"port up", "SwitchPortUp", "", nil, over},
		{"circuit up", "VBR_HEALTHCHECK_UP", "Normal", nil, over},
		{"circuit down", "VBR_HEALTHCHECK_DOWN", "Normal", nil, begin},
		{"online", "GatewayOnline", "", nil, over},
		{"restored", "job_restore", "Restore", nil, over},
		{"agent", "Foo_Status_Running", "Running", nil, over},
		{"recovered", "NodeRecovered", "Normal", nil, over},

		{"weekend", "Traffic_Weekend", "", nil, begin},
		{"two words that are one", "FrontEnd", "Down", nil, begin},
		{"back end", "slb_back_end", "Normal", nil, begin},
		{"backend", "SLB_Backend", "Abnormal", nil, begin},
		{"append", "Log_append", "", nil, begin},
		{"recommend", "Resize_Recommend", "", nil, begin},
		{"resend", "Mail_Resend", "", nil, begin},
		{"backup", "DiskBackup", "", nil, begin},
		{"BackUp", "DiskBackUp", "", nil, begin},
		{"look up", "DnsLookUp", "", nil, begin},
		{"not online", "DeviceNotOnline", "", nil, begin},
		{"not running", "Agent_Status_NotRunning", "NotRunning", nil, begin},
		{"not recovered", "Node_Not_Recovered", "", nil, begin},
		{"unable to end", "Unable_To_End", "", nil, begin},
		{"domain resolved", "DomainResolved", "", nil, begin},
		{"online by its name only", "SchemaChangeOnline", "", nil, begin},

		{"completed", "Volume:ResizeCompleted", "Normal", nil, news},
		{"completed, but not well", "Volume:ResizeCompleted", "Normal", content{"result": "failed"}, begin},
		{"completed, but its status is bad", "CloudAssistant:InvocationCompleted", "Normal", content{"invocationStatus": "Failed"}, begin},
		{"completed, in a state of trouble", "Volume:ResizeCompleted", "Abnormal", nil, begin},
		{"partial success", "Job_Partial_Success", "Normal", nil, begin},
		{"accomplished", "Disk:Some", "", content{"result": "accomplished"}, news},
		{"operation succeeded", "Volume:SnapshotTask", "Success", nil, news},
		{"intrusion succeeded", "RemoteLogin", "", content{"result": "success"}, begin},
		{"negotiation", "ipsec_phase9_nego_success", "1", nil, news},

		{"machine stopped", "Instance:StateChange", "Normal", content{"state": "Stopped"}, begin},
		{"machine stops", "Instance:StateChange", "Normal", content{"state": "Stopping"}, begin},
		{"machine deleted", "Instance:StateChange", "Normal", content{"state": "Deleted"}, begin},
		{"machine in a state that nobody knows", "Instance:StateChange", "Normal", content{"state": "Gone"}, begin},
		{"machine runs", "Instance:StateChange", "Normal", content{"state": "Running"}, news},
		{"machine created", "Instance:StateChange", "", content{"state": "Created"}, news},
		{"migration", "Instance:LiveMigrationAcrossDDH", "", content{"status": "started"}, begin},
		{"migration done", "Instance:LiveMigrationAcrossDDH", "", content{"status": "accomplished", "endTime": "2018-06-08T01:25:45Z"}, over},
		{"migration failed", "Instance:LiveMigrationAcrossDDH", "", content{"status": "failed", "endTime": "2018-06-08T01:25:45Z"}, begin},
		{"scaling failed", "AUTOSCALING:SCALE_IN_WARN", "Failed", nil, begin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields := map[string]any{"product": "X", "name": test.event, "status": test.status}
			if test.content != nil {
				fields["content"] = test.content
			}
			require.Equal(t, test.want, eventOf(t, fields).Status)
		})
	}
}
