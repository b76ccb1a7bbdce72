package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// An intake is a participant that cannot take some alerts.
type intake struct {
	alerttest.Recorder

	required bool
	taken    []string
}

func (*intake) Attach(jobstore.Host) func(context.Context) (bool, error) { return nil }

func (*intake) Select(_ jobstore.Txn, jobs []jobstore.Job) ([]jobstore.Job, error) { return jobs, nil }

func (in *intake) Begin(ctx context.Context, _ []jobstore.Job, alerts []alert.Alert) (context.Context, jobstore.Attempt) {
	return ctx, jobstore.Attempt{Required: in.required, Settle: func(jobstore.Txn) error {
		if slices.ContainsFunc(alerts, func(a alert.Alert) bool { return a.Name == "3" }) {
			return errors.New("the engine refuses the row")
		}
		for i := range alerts {
			in.taken = append(in.taken, alerts[i].Name)
		}
		return nil
	}}
}

// What a participant cannot do for one alert keeps the others neither from being
// taken in nor from being settled.
func TestParticipantFails(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{true, false} {
		t.Run(fmt.Sprint("required ", required), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := &intake{required: required}
				b := newBox(t, in, nil)
				require.NoError(t, b.Send(t.Context(), numbers(5)...))
				stop := run(t, b)
				<-time.After(5 * time.Minute)
				stop()
				waiting, err := b.Pending(t.Context(), "route", 0, 10)
				require.NoError(t, err)
				if !required {
					require.Empty(t, waiting)
					require.Len(t, in.Calls(), 1)
					return
				}
				slices.Sort(in.taken)
				require.Equal(t, []string{"0", "1", "2", "4"}, in.taken)
				require.Len(t, waiting, 1)
				require.Equal(t, "3", waiting[0].Alert.Name)
				require.Equal(t, "the engine refuses the row", waiting[0].Error)
			})
		})
	}
}
