package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"assent/audit"
	"assent/consent"
	"assent/event"
	"assent/store"
)

// Certificate tells what was erased of a caller. It names no number: the
// commitment stands for it, and nobody can open it once the salt is erased.
type Certificate struct {
	ID          string       `json:"id"`
	At          time.Time    `json:"at"`
	By          string       `json:"by"`
	Reason      string       `json:"reason"`
	Caller      string       `json:"caller" doc:"The commitment by which the ledger knows the caller; empty where it knew none"`
	Complete    bool         `json:"complete" doc:"False while something is kept; ask again then"`
	Recordings  []ErasedItem `json:"recordings"`
	Kept        []KeptItem   `json:"kept"`
	Salts       int64        `json:"salts" doc:"Without it no entry of the ledger can be shown to be about the caller"`
	Consents    int64        `json:"consents"`
	CDRs        int64        `json:"cdrs" doc:"Records in the store that the number was taken out of"`
	NotTouched  []string     `json:"not_touched"`
	LedgerIndex int64        `json:"ledger_index" doc:"Of the entry that tells of this; -1 where something is kept"`
}

// ErasedItem is a recording that is gone.
type ErasedItem struct {
	Recording string `json:"recording"`
	Call      string `json:"call"`
	SHA256    string `json:"sha256"`
}

// KeptItem is a recording that is not erased, and why.
type KeptItem struct {
	Recording string `json:"recording"`
	Why       string `json:"why"`
}

// notTouched is what an erasure does not reach.
var notTouched = []string{
	"the lines of cdr.file, and whatever was copied from it",
	"backups of the store and of the recordings",
	"what the events told to those who read them",
}

// EraseSubject erases what is kept of a caller: the recordings of all calls from
// that number, the stored consents, the salt of the ledger's commitments, and
// the number in the store's CDRs. A recording that is held stays, and with it
// all but the other recordings. It can be repeated; what a crash left undone is
// done by asking again. The error is store.ErrAnonymous if number is none.
func (a *Archive) EraseSubject(ctx context.Context, by, number, reason string) (Certificate, error) {
	reason = plain(reason)
	c := Certificate{ID: event.NewID(), At: a.deps.Now().UTC(), By: by, Reason: reason, Recordings: []ErasedItem{}, Kept: []KeptItem{},
		NotTouched: notTouched, LedgerIndex: -1}
	recordings, err := a.deps.Store.RecordingsOf(ctx, number)
	if err != nil {
		return c, err
	}
	for _, r := range recordings {
		switch err := a.Delete(ctx, by, r.ID, "erasure of the caller: "+reason); {
		case err == nil, errors.Is(err, store.ErrDeleting):
			c.Recordings = append(c.Recordings, ErasedItem{r.ID, r.Call, r.SHA256})
		case errors.Is(err, store.ErrHeld):
			c.Kept = append(c.Kept, KeptItem{r.ID, "a legal hold keeps it"})
		default:
			return c, err
		}
	}
	if c.Complete = len(c.Kept) == 0; c.Complete {
		err = a.forget(ctx, number, &c)
	}
	return c, err
}

// forget erases what tells who the caller was; the ledger has an entry of it
// before.
func (a *Archive) forget(ctx context.Context, number string, c *Certificate) error {
	salt, err := a.deps.Store.Subject(ctx, number)
	if err != nil {
		return err
	}
	c.Caller = consent.Commitment(salt, number)
	if err := a.deps.Audit.Write(ctx, audit.Use{By: c.By, Action: audit.Erase, Call: c.ID, Result: audit.OK, Detail: c.Reason}); err != nil {
		return err
	}
	entry := a.deps.Ledger.Append(consent.Entry{Type: consent.TypeErased, Call: c.ID, Time: c.At,
		Data: consent.ErasedData{What: "caller", Caller: c.Caller, By: c.By, Reason: c.Reason}})
	if err := entry.Wait(ctx); err != nil {
		return err
	}
	c.LedgerIndex = entry.Index()
	if a.deps.Forget != nil {
		a.deps.Forget(number)
	}
	if c.CDRs, err = a.deps.Store.ForgetCaller(ctx, number); err != nil {
		return err
	}
	erased, err := a.deps.Store.Erase(ctx, number)
	c.Salts, c.Consents = erased.Salts, erased.Consents
	return err
}

// certificateTitle begins a signed certificate: no checkpoint begins so.
const certificateTitle = "assent certificate of erasure v1\n"

// Sign returns the certificate as a signed note (C2SP signed-note): its title, its
// JSON, and the signature of the ledger's key.
func (a *Archive) Sign(c Certificate) (string, error) {
	body, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", c.ID, err)
	}
	return a.deps.Sign(certificateTitle + string(body) + "\n")
}
