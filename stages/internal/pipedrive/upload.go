package pipedrive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Blob is a file on this machine that becomes a record of Pipedrive's.
type Blob struct {
	Path   string `json:"path"`   // where its bytes are, below Config.Files; never outside
	Name   string `json:"name"`   // the name it gets, UTF-8
	Size   int64  `json:"size"`   // bytes, at least 1: Pipedrive takes no empty files
	SHA256 string `json:"sha256"` // of the bytes, hex
}

// slowestUpload is the speed, in bytes per second, below which an upload is
// given up: Config.Timeout alone would forbid large files on slow lines.
const slowestUpload = 256 << 10

// LocalFile is the Failure.Code of a file that this machine could not give. It
// is the only refusal that a later run may find mended without a new payload.
const LocalFile = "LOCAL_FILE"

// errLocal marks what is wrong with a file before Pipedrive could have got all
// of it: a body that was never completed is never carried out.
var errLocal = errors.New("the file on this machine cannot be sent")

// Upload creates a record from a file, streamed from disk. fields is a JSON
// object of what else the form says, ids mostly; its key "name" and keys that
// begin with "@" are not sent, since the name travels in the file's part.
//
// Errors mean the same as those of [Client.Create]. A file that is missing, or
// whose bytes are not those of the blob any more, is Refused: the request ends
// before it is complete.
func (c *Client) Upload(ctx context.Context, entity string, fields []byte, blob Blob) (Record, error) {
	r, err := newRequest(entity, Create, "/")
	if err != nil {
		return Record{}, err
	}
	if r.form, err = c.newForm(fields, blob); err != nil {
		return Record{}, fmt.Errorf("pipedrive %s: upload %q: %w", entity, blob.Name, err)
	}
	res, _ := resourceOf(entity) // known, or newRequest had failed
	var rec Record
	err = c.do(ctx, r, func(env envelope) (err error) {
		if !r.form.whole.Load() {
			return errors.New("it came before the file was sent")
		}
		rec, err = res.record(env.Data, "")
		return err
	})
	if err != nil {
		return Record{}, err
	}
	return rec, nil
}

// upload is a multipart body: what stands around the file is ready, the file
// itself is read anew for each sending.
type upload struct {
	folder      string
	blob        Blob
	head, tail  []byte
	contentType string
	// whole tells that the latest sending read all of the right bytes.
	whole atomic.Bool
}

func (c *Client) newForm(fields []byte, blob Blob) (*upload, error) {
	switch {
	case blob.Size < 1:
		return nil, errors.New("it is empty, and Pipedrive takes no empty files")
	case c.files == "":
		return nil, errors.New("the client was given no folder of files")
	}
	texts, err := formTexts(fields)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		if err := w.WriteField(key, texts[key]); err != nil {
			return nil, err
		}
	}
	if _, err := w.CreateFormFile("file", blob.Name); err != nil {
		return nil, err
	}
	cut := body.Len()
	if err := w.Close(); err != nil {
		return nil, err
	}
	all := body.Bytes()
	return &upload{folder: c.files, blob: blob, head: all[:cut], tail: all[cut:], contentType: w.FormDataContentType()}, nil
}

// formTexts reads the fields of a form, which knows texts only.
func formTexts(fields []byte) (map[string]string, error) {
	var props map[string]json.RawMessage
	if err := json.Unmarshal(fields, &props); err != nil {
		return nil, fmt.Errorf("read fields: %w", err)
	}
	texts := map[string]string{}
	for key, raw := range props {
		if key == "name" || strings.HasPrefix(key, "@") {
			continue
		}
		if bytes.ContainsAny(raw[:1], "{[n") {
			return nil, fmt.Errorf("field %s: a form takes texts and numbers, not %s", key, raw)
		}
		texts[key] = plain(raw)
	}
	return texts, nil
}

// size is the length of the whole body: storage behind Pipedrive wants it ahead.
func (u *upload) size() int64 { return int64(len(u.head)+len(u.tail)) + u.blob.Size }

// patience is how long one sending may take.
func (u *upload) patience(timeout time.Duration) time.Duration {
	if u == nil {
		return timeout
	}
	return timeout + time.Duration(u.size()/slowestUpload)*time.Second
}

// open begins one sending.
func (u *upload) open() (io.ReadCloser, error) {
	u.whole.Store(false)
	f, err := os.OpenInRoot(u.folder, filepath.FromSlash(u.blob.Path))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() != u.blob.Size || info.Size() == 0) {
		err = fmt.Errorf("%s: it should be a file of %d bytes and has %d; extract again", u.blob.Path, u.blob.Size, info.Size())
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%w: %w", errLocal, err)
	}
	checked := &checkedFile{u: u, file: f, sum: sha256.New()}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(u.head), checked, bytes.NewReader(u.tail)), f}, nil
}

// checkedFile ends in an error, not in the end of the file, when the bytes are
// not the blob's. The end of the form stands behind it, so a wrong file never
// makes a complete request.
type checkedFile struct {
	u    *upload
	file io.Reader
	sum  hash.Hash
	n    int64
}

func (f *checkedFile) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.sum.Write(p[:n])
	f.n += int64(n)
	switch {
	case f.n > f.u.blob.Size:
		return 0, f.changed()
	case err == io.EOF && (f.n != f.u.blob.Size || hex.EncodeToString(f.sum.Sum(nil)) != f.u.blob.SHA256):
		return 0, f.changed()
	case err == io.EOF:
		f.u.whole.Store(true)
	case err != nil:
		err = fmt.Errorf("%w: %w", errLocal, err)
	}
	return n, err
}

func (f *checkedFile) changed() error {
	return fmt.Errorf("%w: %s: its bytes are not those that were extracted; extract again", errLocal, f.u.blob.Path)
}
