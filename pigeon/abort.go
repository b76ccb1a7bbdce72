package pigeon

import (
	"context"
	"net/http"

	"github.com/tocsin-go/tocsin/internal/jsontext"
)

// Abort stops a chain: who is on the phone is let finish, and nobody else is
// called. It is safe to repeat, and repeats failures that pass. Nil means that
// the vendor has accepted the request; [Client.Wait] tells when the chain is
// over.
func (c *Client) Abort(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return &Error{Op: opAbort, Err: err}
	}
	body := jsontext.AppendString([]byte(`{"resultId":`), id)
	return c.do(ctx, &exchange{
		op: opAbort, method: http.MethodPost, path: "/chain/abort", body: append(body, '}'), repeat: true, id: id,
	})
}
