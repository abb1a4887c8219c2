package depot

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// maxPut is the largest object that S3 takes in one request, and so with one hash;
	// larger ones go in parts and are read back.
	maxPut = 5 << 30
	// headerTimeout is how long a store may take to begin its answer.
	headerTimeout = 30 * time.Second
)

// s3 is a bucket of an object store.
type s3 struct {
	// set once
	client *minio.Client
	bucket string
	prefix string
}

// newS3 returns the store below a prefix of a bucket. It asks nothing yet.
func newS3(cfg S3Config, bucket, prefix string) (Store, error) {
	transport, err := minio.DefaultTransport(cfg.TLS)
	if err != nil {
		return nil, err
	}
	transport.ResponseHeaderTimeout = headerTimeout
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: cfg.TLS, Region: cfg.Region,
		Transport: transport, MaxRetries: 1, // the spool tries again, and waits longer each time
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &s3{client, bucket, prefix}, nil
}

func (s *s3) key(name string) string { return path.Join(s.prefix, name) }

// Put sends the object's own hash along, so that the store refuses other bytes;
// minio-go's signature over chunks is left out: it is no part of the object, and
// some stores keep it as if it were.
func (s *s3) Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum [sha256.Size]byte, replace bool) error {
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableContentSha256: true, DisableMultipart: size <= maxPut}
	if opts.DisableMultipart {
		opts.UserMetadata = map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:])}
	}
	if !replace {
		opts.SetMatchETagExcept("*")
	}
	_, err := s.client.PutObject(ctx, s.bucket, s.key(name), io.NewSectionReader(body, 0, size), size, opts)
	return s.explain(name, err)
}

func (s *s3) Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if length <= 0 {
		return http.NoBody, nil
	}
	if err := opts.SetRange(offset, offset+length-1); err != nil {
		return nil, err
	}
	core := minio.Core{Client: s.client}
	body, _, _, err := core.GetObject(ctx, s.bucket, s.key(name), opts)
	if err != nil {
		return nil, s.explain(name, err)
	}
	return body, nil
}

func (s *s3) Stat(ctx context.Context, name string) (Info, error) {
	o, err := s.client.StatObject(ctx, s.bucket, s.key(name), minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return Info{}, s.explain(name, err)
	}
	info := Info{Size: o.Size}
	if sum, err := base64.StdEncoding.DecodeString(o.ChecksumSHA256); err == nil && len(sum) == sha256.Size {
		info.SHA256 = hex.EncodeToString(sum)
	}
	return info, nil
}

// Delete removes every version: in a bucket that keeps them a bare delete only hides.
func (s *s3) Delete(ctx context.Context, name string) error {
	var all error
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.key(name), WithVersions: true}) {
		if o.Err != nil {
			return s.explain(name, o.Err)
		}
		if o.Key != s.key(name) {
			continue
		}
		err := s.client.RemoveObject(ctx, s.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID})
		all = errors.Join(all, s.explain(name, err))
	}
	return all
}

// explain turns the store's answers into errors that callers tell apart.
func (s *s3) explain(name string, err error) error {
	if err == nil {
		return nil
	}
	switch answer := minio.ToErrorResponse(err); {
	case answer.StatusCode == http.StatusPreconditionFailed, answer.Code == "PreconditionFailed":
		return fmt.Errorf("s3://%s/%s: %w", s.bucket, s.key(name), ErrExists)
	case answer.Code == "NoSuchKey":
		return fmt.Errorf("s3://%s/%s: %w", s.bucket, s.key(name), ErrNotFound)
	}
	return fmt.Errorf("s3://%s/%s: %w", s.bucket, s.key(name), err)
}
