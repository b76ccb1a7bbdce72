package examples_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// newPhone returns a Sender as people make it, and its far end.
func newPhone(t *testing.T) (*pigeon.Sender, *pigeontest.Server) {
	t.Helper()
	server := pigeontest.NewServer(t)
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	phone, err := pigeon.NewSender(client, pigeon.Request{CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID}, nil)
	require.NoError(t, err)
	return phone, server
}

// callback posts an alert of CloudMonitor and returns the status of the answer.
func callback(t *testing.T, h http.Handler, instance, level string) int {
	t.Helper()
	body := "alertName=CPU&alertState=ALERT&curValue=99&expression=%24Average%3E%3D80&metricName=cpu_total&metricProject=acs_ecs" +
		"&triggerLevel=" + level + "&instanceName=" + instance + "&dimensions=%7BuserId%3D1%2C+instanceId%3D" + instance + "%7D&timestamp=1685646149981"
	r := httptest.NewRequest(http.MethodPost, "/secret-secret-secret", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// TestBehindACallerWhoRepeats is the way that people copy: a robot for all, a phone
// for what is critical, and a source that repeats whatever was answered 503. One
// call is placed, whichever of the two branches failed, and how.
func TestBehindACallerWhoRepeats(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		phone  *pigeontest.Failure
		robot  error
		placed int
	}{
		"the answer of the phone is lost": {phone: new(pigeontest.ResetAfter()), placed: 1},
		"it was cut":                      {phone: new(pigeontest.Cut()), placed: 1},
		"a gateway says 503":              {phone: new(pigeontest.Instead(pigeontest.HTML(503))), placed: 1},
		"the connection died before":      {phone: new(pigeontest.Reset()), placed: 0}, // which nobody can know
		"the token was refused once":      {phone: new(pigeontest.HTML(401)), placed: 1},
		"nothing was reached at first":    {phone: new(pigeontest.Unreachable()), placed: 1},
		"the robot is down":               {robot: errors.New("down"), placed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			phone, server := newPhone(t)
			if tt.phone != nil {
				server.Fail(*tt.phone)
			}
			var robot alerttest.Recorder
			robot.Fail(tt.robot)
			page := alert.Chain(phone, alert.Only(alert.Critical))
			handler, err := aliyun.NewHandler(alert.Fanout(&robot, page), "secret-secret-secret", nil)
			require.NoError(t, err)
			for range 4 {
				callback(t, handler, "web-01", "CRITICAL")
			}
			require.Equal(t, tt.placed, server.Placed())
		})
	}
}

// TestStormRingsOnce counts the calls of thirty problems in a minute, each repeated
// by its source until it was accepted.
func TestStormRingsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phone, server := newPhone(t)
		handler, err := aliyun.NewHandler(alert.Chain(phone, alert.Only(alert.Critical)), "secret-secret-secret", nil)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				for callback(t, handler, "web-"+strconv.Itoa(i), "CRITICAL") != http.StatusOK {
					<-time.After(time.Minute)
				}
			})
			<-time.After(2 * time.Second)
		}
		wg.Wait()
		require.Equal(t, 2, server.Placed())
		require.Equal(t, "29", server.Chains()[1].Parameters["count"])
	})
}
