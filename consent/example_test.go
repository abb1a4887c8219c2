package consent_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"assent/consent"
)

// A call writes its caller's answer and waits until it is on disk; anyone can check the ledger afterwards.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	ledger, err := consent.Open(dir, zap.NewNop())
	if err != nil {
		panic(err)
	}
	answer := ledger.Append(consent.Entry{
		Type: consent.TypeConsent,
		Call: "01JDCALL",
		Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Data: consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1", Caller: consent.Commitment([]byte("salt"), "+4980012345")},
	})
	if err := answer.Wait(context.Background()); err != nil {
		panic(err)
	}
	checkpoint := ledger.Head()
	if err := ledger.Close(); err != nil {
		panic(err)
	}

	report, err := consent.Verify(dir, checkpoint)
	fmt.Println(report.Entries, report.Types, err)
	// Output: 1 map[consent:1] <nil>
}
