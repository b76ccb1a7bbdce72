package ocpchannel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/ocp"
)

// A robot that panics has not accepted the alert, and costs the other nothing.
func TestDeliverPanic(t *testing.T) {
	t.Parallel()
	p, err := ocp.FromEnv([]string{"alarm_id=1"})
	require.NoError(t, err)
	var recorder alerttest.Recorder
	broken := alert.SenderFunc(func(context.Context, ...alert.Alert) error { panic("hush") })
	err = deliver(t.Context(), []*robot{{name: "DingTalk", sender: broken}, {name: "WeCom", sender: &recorder}}, p)
	require.EqualError(t, err, "ocp-dingtalk: DingTalk FAILED: panicked; WeCom accepted it")
	require.Len(t, recorder.Accepted(), 1)
}
