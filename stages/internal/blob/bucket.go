package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// BucketConfig says where the old system kept its objects.
type BucketConfig struct {
	Endpoint  string // https://minio.example.com:9000; without a scheme https
	Bucket    string
	Region    string // default us-east-1, which is what MinIO says
	AccessKey string // without keys the bucket must be readable by everybody
	SecretKey string
}

// String keeps the keys out of logs.
func (c BucketConfig) String() string { return c.Endpoint + "/" + c.Bucket }

// GoString keeps the keys out of %#v.
func (c BucketConfig) GoString() string { return c.String() }

// Bucket is a bucket of an S3 service.
type Bucket struct {
	core   minio.Core
	host   string
	bucket string
}

// NewBucket checks the configuration. It sends nothing.
func NewBucket(cfg BucketConfig) (*Bucket, error) {
	endpoint := cfg.Endpoint
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("the address of the bucket's service should look like https://minio.example.com:9000, without path or keys")
	}
	if cfg.Bucket == "" {
		return nil, errors.New("the name of the bucket is missing")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // stored bytes, not what they decompress to
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: u.Scheme == "https", Region: cfg.Region, BucketLookup: minio.BucketLookupPath,
		Transport: transport, MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", cfg.Bucket, err)
	}
	return &Bucket{core: minio.Core{Client: client}, host: u.Host, bucket: cfg.Bucket}, nil
}

// Name returns "bucket".
func (b *Bucket) Name() string { return "bucket" }

// Open asks for an object. Files of other hosts are elsewhere, though they may
// have a key, too.
func (b *Bucket) Open(ctx context.Context, w Want) (io.ReadCloser, error) {
	key := b.key(w)
	if key == "" {
		return nil, ErrElsewhere
	}
	body, info, _, err := b.core.GetObject(ctx, b.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, b.explain(err)
	}
	if info.Size > Limit {
		return nil, errors.Join(ErrTooLarge, body.Close())
	}
	return body, nil
}

// key is the object's name in the bucket: recorded, or the end of an address of
// this very service. Keys of other stores are flat, ours stand in a folder.
func (b *Bucket) key(w Want) string {
	u, err := url.Parse(w.URL)
	ours := err == nil && u.Host == b.host
	switch {
	case w.Key != "" && (w.URL == "" || ours || strings.Contains(w.Key, "/")):
		return w.Key
	case ours:
		rest, _ := strings.CutPrefix(urlPath(w.URL), b.bucket+"/")
		return rest
	}
	return ""
}

// explain sorts the service's refusals. What is wrong with the bucket or the
// keys is wrong for every object.
func (b *Bucket) explain(err error) error {
	res := minio.ToErrorResponse(err)
	switch res.Code {
	case "NoSuchKey":
		return fs.ErrNotExist
	case "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed":
		return &Fatal{fmt.Errorf("bucket %s on %s: %s; correct --s3-endpoint, --s3-bucket, --s3-region or the keys in NEXTPIPE_S3_ACCESS_KEY and NEXTPIPE_S3_SECRET_KEY",
			b.bucket, b.host, res.Code)}
	case "AccessDenied":
		return &Refusal{State: Failure + "the bucket denies access to it", Hint: "let the keys of NEXTPIPE_S3_ACCESS_KEY read every object, then extract again"}
	}
	if res.StatusCode == http.StatusNotFound {
		return fs.ErrNotExist
	}
	return fmt.Errorf("bucket %s on %s: %w", b.bucket, b.host, err)
}
