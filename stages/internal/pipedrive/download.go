package pipedrive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// FileHash is the SHA-256 of a file's bytes, hex: the only way to tell two files
// of one name and size apart. Where the account's answer leads to its storage,
// the bytes are fetched there, without the token.
func (c *Client) FileHash(ctx context.Context, id string) (string, error) {
	r, err := newRequest("file", Download, id)
	if err != nil {
		return "", err
	}
	r.raw = &answer{}
	if err := c.do(ctx, r, nil); err != nil {
		return "", err
	}
	body := r.raw.body
	if r.raw.status >= 300 {
		if body, err = c.fromStorage(ctx, r.raw.header.Get("Location")); err != nil {
			return "", fmt.Errorf("download file %s: %w", id, err)
		}
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// judge takes every answer of a download that is no refusal for its bytes.
func (r request) judge(a answer, read func(envelope) error) verdict {
	if r.raw == nil || a.err != nil || a.status < 200 || a.status >= 400 {
		return judge(a, read)
	}
	*r.raw = a
	return verdict{fate: done}
}

func (c *Client) fromStorage(ctx context.Context, location string) ([]byte, error) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return nil, errors.New("its storage has no https address")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, c.flatten(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.flatten(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("its storage answered %d", res.StatusCode)
	}
	body, err := readBounded(res.Body, maxBody)
	return body, c.flatten(err)
}
