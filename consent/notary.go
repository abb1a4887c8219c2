package consent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/consent/merkle"
)

// lookEvery is how often the notary looks for new entries: how long a sealed recording waits for its checkpoint.
const lookEvery = time.Second

// ErrNotSigned means that a ledger is not the one whose checkpoints were signed.
var ErrNotSigned = errors.New("not the ledger that was signed")

// Notary signs checkpoints of a ledger while it grows. It reads what the ledger's syncer has made durable, as every reader
// does, so that appending costs nothing for it.
type Notary struct {
	// set once
	dir    string
	ledger *Ledger
	signer merkle.Signer
	every  time.Duration
	log    *zap.Logger
	stop   chan struct{}
	over   chan struct{}
	once   sync.Once

	// owned by run
	file    *os.File
	offset  int64 // of the first line that is not in the tree
	leaf    Hash  // of the line before it
	nodes   *nodes
	history *history
	signed  int64 // entries under the newest checkpoint
	at      time.Time
	urgent  bool // an entry that ends something has come since

	mu   sync.Mutex
	last Signed // the newest checkpoint; guarded by mu
}

// NewNotary takes up the signing of an open ledger: it holds the ledger against the newest checkpoint, brings the tree up to
// the ledger's head, and signs that. The error is ErrNotSigned if the ledger is another one, or shorter, than what was
// signed. The caller closes the notary before the ledger.
func NewNotary(l *Ledger, dir string, signer merkle.Signer, every time.Duration, log *zap.Logger) (*Notary, error) {
	n := &Notary{dir: dir, ledger: l, signer: signer, every: every, log: log, leaf: genesis,
		stop: make(chan struct{}), over: make(chan struct{})}
	if err := n.open(); err != nil {
		n.shut()
		return nil, err
	}
	go n.run() // ends in Close
	return n, nil
}

// Key returns the public key that the checkpoints are verified by.
func (n *Notary) Key() merkle.VerifierKey { return n.signer.Verifier() }

// Last returns the newest checkpoint.
func (n *Notary) Last() Signed {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

// open finds the newest checkpoint, and holds the ledger against it.
func (n *Notary) open() (err error) {
	signed, err := ReadHistory(n.dir, merkle.Keys{Log: n.Key()})
	if err != nil {
		return fmt.Errorf("%w: %w; put the file and the key back that belong together, or move the file aside: a new history then begins", ErrNotSigned, err)
	}
	if len(signed) > 0 {
		n.last = signed[len(signed)-1]
		n.signed = n.last.Size
	}
	if n.file, err = os.Open(Path(n.dir)); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	if n.history, err = openHistory(n.dir); err != nil {
		return fmt.Errorf("open checkpoints: %w", err)
	}
	if n.nodes, err = openNodes(n.dir, n.signed); err != nil {
		return fmt.Errorf("open tree: %w", err)
	}
	if err := n.hold(); err != nil {
		return err
	}
	if err := n.follow(); err != nil {
		return err
	}
	if n.nodes.tree.Size() > n.signed || len(signed) == 0 {
		return n.sign()
	}
	return nil
}

// hold compares tree and ledger with the newest checkpoint. The tree's file may have been damaged or removed: then it is
// made again from the ledger's lines, which decide.
func (n *Notary) hold() error {
	if head := n.ledger.Head().Index; head+1 < n.signed {
		return fmt.Errorf("%w: %s has %d entries, and %d were signed", ErrNotSigned, Path(n.dir), head+1, n.signed)
	}
	if n.signed == 0 || n.nodes.tree.Size() == n.signed && n.nodes.tree.Root() == n.last.Root && n.reach() == nil {
		return nil
	}
	n.log.Warn("the ledger's tree is made again", zap.Int64("entries", n.signed))
	n.offset, n.leaf = 0, genesis
	if err := n.nodes.forget(); err != nil {
		return err
	}
	if err := n.readTo(n.signed); err != nil {
		return err
	}
	if n.nodes.tree.Root() != n.last.Root {
		return fmt.Errorf("%w: the first %d entries of %s do not have the root that was signed", ErrNotSigned, n.signed, Path(n.dir))
	}
	return nil
}

// reach goes to the last signed line, which must be the tree's last leaf, and behind it.
func (n *Notary) reach() error {
	info, err := n.file.Stat()
	if err != nil {
		return err
	}
	line, err := lineOf(n.file, info.Size(), n.signed-1)
	if err != nil {
		return err
	}
	stored, err := merkle.NewStored(n.nodes.file).Leaf(n.signed - 1)
	if err != nil || stored != line.leaf {
		return errors.Join(err, ErrNotSigned)
	}
	n.offset, n.leaf = line.end, line.leaf
	return nil
}

// follow brings the tree up to what is durable.
func (n *Notary) follow() error { return n.readTo(n.ledger.Head().Index + 1) }

// readTo adds the lines up to the tree's size want, and sees to it that they are chained.
func (n *Notary) readTo(want int64) error {
	at := n.nodes.tree.Size()
	if at >= want {
		return nil
	}
	const unbounded = 1 << 62
	s := newScanner(io.NewSectionReader(n.file, n.offset, unbounded-n.offset), n.file.Name())
	s.line, s.index, s.leaf = at, at, n.leaf
	for n.nodes.tree.Size() < want {
		e, err := s.next()
		if err != nil {
			return fmt.Errorf("follow ledger: %w", err)
		}
		if err := n.nodes.add(s.leaf); err != nil {
			return err
		}
		n.offset, n.leaf = n.offset+s.length, s.leaf
		n.urgent = n.urgent || endsSomething(e.typ)
	}
	return n.nodes.flush()
}

// endsSomething reports whether a checkpoint should follow such an entry at once: what it says is what is asked for later.
func endsSomething(typ string) bool {
	return typ == TypeSealed || typ == TypeWithdrawn || typ == TypeErased
}

// sign makes the tree durable and signs its head.
func (n *Notary) sign() error {
	if err := n.nodes.sync(); err != nil {
		return fmt.Errorf("sync tree: %w", err)
	}
	c := merkle.Checkpoint{Origin: n.signer.Name(), Size: n.nodes.tree.Size(), Root: n.nodes.tree.Root()}
	signed, err := c.Sign(n.signer)
	if err != nil {
		return err
	}
	if err := n.history.add(signed); err != nil {
		return fmt.Errorf("keep checkpoint: %w", err)
	}
	n.signed, n.at, n.urgent = c.Size, time.Now(), false
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = Signed{merkle.Seen{Checkpoint: c}, signed}
	return nil
}

// run looks after the ledger until Close.
func (n *Notary) run() {
	defer close(n.over)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-n.stop:
			return
		case <-tick.C:
			err := n.look(false)
			if err != nil && !failed {
				n.log.Error("no checkpoint of the consent ledger", zap.Error(err))
			}
			failed = err != nil
		}
	}
}

// look signs what is new, if it is time or if something ended.
func (n *Notary) look(now bool) error {
	if err := n.follow(); err != nil {
		return err
	}
	if n.nodes.tree.Size() == n.signed || !now && !n.urgent && time.Since(n.at) < n.every {
		return nil
	}
	return n.sign()
}

// Close waits for what was appended, signs the ledger's head a last time and ends the notary. A second Close does nothing.
func (n *Notary) Close(ctx context.Context) error {
	var err error
	n.once.Do(func() {
		close(n.stop)
		<-n.over
		err = errors.Join(n.ledger.Flush(ctx), n.look(true), n.shut())
	})
	return err
}

// shut closes the files.
func (n *Notary) shut() error {
	var err error
	if n.file != nil {
		err = n.file.Close()
	}
	if n.nodes != nil {
		err = errors.Join(err, n.nodes.file.Close())
	}
	if n.history != nil {
		err = errors.Join(err, n.history.file.Close())
	}
	return err
}
