package httpcall

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// maxBody bounds what is read of an answer. A verdict takes a hundred bytes;
// what is longer than this is no verdict.
const maxBody = 1 << 20

var errTooLong = errors.New("answer over 1 MiB")

// read takes the status and the whole body out of resp and closes it. To the
// end means that the connection can be used again.
func (a *attempt) read(resp *http.Response) error {
	a.status, a.header = resp.StatusCode, resp.Header
	body, err := readBody(resp)
	if err != nil {
		return err
	}
	a.answer = Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	a.complete = true
	return nil
}

func readBody(resp *http.Response) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	if resp.ContentLength > maxBody {
		return nil, errTooLong
	}
	if resp.ContentLength > 0 {
		return readExactly(resp.Body, int(resp.ContentLength))
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(resp.Body, maxBody+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxBody {
		return nil, errTooLong
	}
	return b.Bytes(), nil
}

// readExactly reads a body whose length the far end has announced, without
// growing a buffer step by step.
func readExactly(r io.Reader, n int) ([]byte, error) {
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) { // of a RoundTripper that miscounts
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body, nil
}
