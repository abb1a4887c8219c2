package consent

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"assent/consent/merkle"
)

func TestBackupIsALedgerThatGoesOn(t *testing.T) {
	dir, signer := signed(t, 9)
	keys := merkle.Keys{Log: signer.Verifier()}
	backup, restored := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	for _, way := range [][2]string{{dir, backup}, {backup, restored}} {
		report, err := Copy(way[0], way[1], keys)
		if err != nil || report.Entries != 9 || report.Signed != 9 {
			t.Fatalf("%v: %+v, %v", way, report, err)
		}
	}
	l, n, end := signs(t, restored, signer)
	mustAppend(t, l, answer("after"))
	end()
	if n.Last().Size != 10 {
		t.Errorf("the restored ledger was signed up to %d", n.Last().Size)
	}
	if _, err := Copy(backup, restored, keys); err == nil {
		t.Error("a ledger was overwritten")
	}
}

func TestBackupBesideABusyWriterIsWhole(t *testing.T) {
	dir, signer := signed(t, 4)
	l, n, end := signs(t, dir, signer)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				<-l.Append(answer("busy")).Done()
			}
		}
	})
	for range 10 {
		report, err := Copy(dir, filepath.Join(t.TempDir(), "copy"), merkle.Keys{Log: n.Key()})
		if err != nil || report.Entries < 4 || report.Torn.Bytes != 0 {
			t.Errorf("%+v, %v", report, err)
		}
	}
	close(stop)
	wg.Wait()
	end()
}

func TestDamagedLedgerIsNoGoodBackup(t *testing.T) {
	dir, signer := signed(t, 6)
	b := readFile(t, dir)
	must(t, os.WriteFile(Path(dir), bytes.Join(lines(b)[:4], nil), 0o600))
	if _, err := Copy(dir, filepath.Join(t.TempDir(), "copy"), merkle.Keys{Log: signer.Verifier()}); err == nil {
		t.Error("a ledger without its end was copied in silence")
	}
}
