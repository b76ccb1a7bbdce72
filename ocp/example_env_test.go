package ocp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
)

// variables are what OCP sets for one alarm, among other things.
func variables() []string {
	return []string{
		"PATH=/usr/bin", "alarm_id=2000031", "alarm_type=ob_cannot_connected", "alarm_name=OceanBase服务器无法连接",
		"alarm_level=停服", "alarm_status=告警中", "app_type=OceanBase", "ob_cluster=ob4253_A", "host_ip=192.0.2.20",
		"alarm_target=ob_cluster=ob4253_A-1731295857:host=192.0.2.20", "alarm_active_at=2025-06-06T15:03:06.671+08:00",
		"message=### OCP 告警通知 OceanBase服务器无法连接", "room=B2",
	}
}

func ExampleFromEnv() {
	p, err := ocp.FromEnv(variables()) // os.Environ()
	if err != nil {
		fmt.Println(err)
		return
	}
	a := p.Alert()
	fmt.Println(a.Status, a.Severity, a.Level, a.Name)
	fmt.Println(a.Product, a.Region, a.Instance)
	fmt.Println(a.Key)
	fmt.Println(a.Labels["target.host"], p.Values["alarm_active_at"])
	// Output:
	// firing critical 停服 OceanBase服务器无法连接
	// OceanBase ob4253_A 192.0.2.20
	// alarm/2000031
	// 192.0.2.20 2025-06-06T15:03:06.671+08:00
}

func ExampleMain() {
	robot := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		if len(alerts[0].Instance) == 0 {
			return errors.New("robot: nobody knows what this is about")
		}
		return nil
	})
	opts := &ocp.MainOptions{Environ: variables(), Stdout: os.Stdout, Stderr: os.Stdout} // nil in a real main
	code := ocp.Main(context.Background(), ocp.Deliver(robot), opts)
	fmt.Println(" and exit code", code)

	opts.Environ = []string{"message=OCP 告警通道测试消息"}
	code = ocp.Main(context.Background(), ocp.Deliver(robot), opts)
	fmt.Println(" and exit code", code)
	// Output:
	// {"errcode":0,"errmsg":"ok"} and exit code 0
	// {"errcode":1,"errmsg":"robot: nobody knows what this is about"} and exit code 1
}

// Each run of the script is a process of its own, which finds in the file what
// the ones before it have delivered.
func ExampleRemember() {
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	robot := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		fmt.Println("told:", alerts[0].Status, alerts[0].Key)
		return nil
	})
	once := ocp.Remember(filepath.Join(dir, "told"), time.Hour)
	for _, status := range []string{"告警中", "告警中", "已消除"} {
		p, err := ocp.FromEnv([]string{"alarm_id=2000031", "alarm_status=" + status})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := once(robot).Send(context.Background(), p.Alert()); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// told: firing alarm/2000031
	// told: resolved alarm/2000031
}
