package snmptrap_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

func Example() {
	ctx := context.Background()
	console, err := new(net.ListenConfig).ListenPacket(ctx, "udp", "127.0.0.1:0") // stands for a management console
	if err != nil {
		panic(err)
	}
	defer console.Close()

	// 32473 is for examples: use the number of your own enterprise.
	s, err := snmptrap.New([]string{console.LocalAddr().String()}, "my-community", "1.3.6.1.4.1.32473", nil)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	err = s.Send(ctx, alert.Alert{
		Key: "ecs/db-01/disk", Severity: alert.Critical, Level: "CRITICAL",
		Name: "磁盘使用率过高", Instance: "生产数据库-01", Summary: "磁盘使用率 95% > 90%",
	})
	fmt.Println("error:", err)

	buf := make([]byte, 1472)
	n, _, err := console.ReadFrom(buf)
	if err != nil {
		panic(err)
	}
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:n])
	if err != nil {
		panic(err)
	}
	for _, i := range []int{1, 5, 6, 8, 11} {
		v := p.Variables[i]
		if text, ok := v.Value.([]byte); ok {
			v.Value = string(text)
		}
		fmt.Println(v.Name, v.Value)
	}
	// Output:
	// error: <nil>
	// .1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.32473.0.1
	// .1.3.6.1.4.1.32473.4.0 生产数据库-01
	// .1.3.6.1.4.1.32473.5.0 磁盘使用率过高
	// .1.3.6.1.4.1.32473.7.0 3
	// .1.3.6.1.4.1.32473.10.0 磁盘使用率 95% > 90%
}

func ExampleSender_Inform() {
	ctx := context.Background()
	console, err := new(net.ListenConfig).ListenPacket(ctx, "udp", "127.0.0.1:0") // stands for a management console
	if err != nil {
		panic(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		acknowledgeOne(console)
	}()

	s, err := snmptrap.New([]string{console.LocalAddr().String()}, "my-community", "1.3.6.1.4.1.32473", &snmptrap.Options{
		Inform: &snmptrap.Inform{Timeout: time.Second, Retries: 3}, // so that Send sends informs too
	})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	acks, err := s.Inform(ctx, alert.Alert{Name: "test of the way"})
	fmt.Println("error:", err)
	for _, ack := range acks {
		fmt.Println("acknowledged by the target:", ack.Address == ack.Target, "attempts:", ack.Attempts)
	}
	<-answered
	_ = console.Close()

	// Nobody is there any more.
	err = s.Send(alert.Once(ctx), alert.Alert{Name: "unheard"})
	fmt.Println("may have arrived:", errors.Is(err, alert.ErrUncertain), "worth another try:", alert.Retryable(err))
	// Output:
	// error: <nil>
	// acknowledged by the target: true attempts: 1
	// may have arrived: true worth another try: true
}

// acknowledgeOne answers one inform, as the engine of a console does.
func acknowledgeOne(console net.PacketConn) {
	buf := make([]byte, 1472)
	n, from, err := console.ReadFrom(buf)
	if err != nil {
		panic(err)
	}
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:n])
	if err != nil {
		panic(err)
	}
	p.PDUType = gosnmp.GetResponse
	answer, err := p.MarshalMsg()
	if err != nil {
		panic(err)
	}
	_, _ = console.WriteTo(answer, from)
}

func ExampleEncoder_AppendTrap() {
	e, err := snmptrap.NewEncoder("my-community", snmptrap.SeedBaseOID, &snmptrap.Options{Layout: snmptrap.Seed})
	if err != nil {
		panic(err)
	}
	a := alert.Alert{Product: "ecs", Level: "WARN", Name: "CPU", StartsAt: time.Unix(0, 0).UTC()}
	octets, err := e.AppendTrap(nil, a, 1, 0)
	fmt.Println(len(octets), "octets, error:", err)
	// Output: 298 octets, error: <nil>
}

// What an agent has to say for itself, in the objects of its own MIB.
func ExampleSender_SendTrap() {
	ctx := context.Background()
	s, err := snmptrap.New([]string{"127.0.0.1"}, "my-community", "1.3.6.1.4.1.32473", nil)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	err = s.SendTrap(ctx, snmptrap.Trap{
		OID:      snmptrap.MustOID("1.3.6.1.4.1.32473.7.0.1"),
		Varbinds: []snmptrap.Varbind{{Name: snmptrap.MustOID("1.3.6.1.4.1.32473.7.1.0"), Value: snmptrap.Integer(-40)}},
	})
	fmt.Println(err)
	// Output: <nil>
}
