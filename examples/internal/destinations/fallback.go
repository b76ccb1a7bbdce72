package destinations

import (
	"context"

	"github.com/tocsin-go/tocsin/alert"
)

// OrElse returns a Sender that tries a second one, once, with what the first
// one does not take. An outbox on a disk that is full takes nothing, and the
// alert about that disk must get through. What the first one took in spite of
// its error may arrive twice. The error is that of the first.
func OrElse(first, second alert.Sender) alert.Sender {
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		err := first.Send(ctx, alerts...)
		if err == nil || ctx.Err() != nil || second.Send(alert.Once(ctx), alerts...) != nil {
			return err
		}
		return nil
	})
}
