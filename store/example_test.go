package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"assent/store"
)

// A consent given in one call serves later calls of the same caller until it expires.
func ExampleStore_FindConsent() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "assent.db"), zap.NewNop())
	if err != nil {
		panic(err)
	}
	defer s.Close()

	given := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	err = s.PutConsent(ctx, store.Consent{
		Call: "01JDCALL", Caller: "+4980012345", State: "granted", Method: "rfc4733", At: given, ExpiresAt: given.AddDate(1, 0, 0),
	})
	if err != nil {
		panic(err)
	}
	found, err := s.FindConsent(ctx, "+49 800 12345", given.AddDate(0, 6, 0))
	fmt.Println(found.Call, err)
	_, err = s.FindConsent(ctx, "+49 800 12345", given.AddDate(2, 0, 0))
	fmt.Println(errors.Is(err, store.ErrNotFound))
	// Output:
	// 01JDCALL <nil>
	// true
}
