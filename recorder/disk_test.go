package recorder

import (
	"errors"
	"path/filepath"
	"sync"
	"syscall"
)

// faultDisk is a real folder with faults put between. It notes what is done.
type faultDisk struct {
	osDisk
	mu    sync.Mutex
	ops   []string
	quota int64 // bytes that fit, -1 for no bound
	used  map[string]int64
	fail  func(op, name string) error // called before each operation, may block
	room  [2]uint64                   // free and total; zero asks the volume
}

// errDead says that the simulated process is dead: nothing happens any more.
var errDead = errors.New("dead")

func newFaultDisk() *faultDisk { return &faultDisk{quota: -1, used: map[string]int64{}} }

func (d *faultDisk) do(op, path string) error {
	name := filepath.Base(path)
	d.mu.Lock()
	d.ops = append(d.ops, op+" "+name)
	fail := d.fail
	d.mu.Unlock()
	if fail != nil {
		return fail(op, name)
	}
	return nil
}

// grow takes room for a file that reaches to size, as far as there is any.
func (d *faultDisk) grow(path string, size int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if size <= d.used[path] || d.quota < 0 {
		return size
	}
	total := int64(0)
	for p, n := range d.used {
		if p != path {
			total += n
		}
	}
	d.used[path] = max(d.used[path], min(size, d.quota-total))
	return min(size, d.used[path])
}

func (d *faultDisk) setQuota(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quota = n
}

func (d *faultDisk) setFail(f func(op, name string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

func (d *faultDisk) setFree(free, total uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = [2]uint64{free, total}
}

func (d *faultDisk) Free(path string) (free, total uint64, err error) {
	d.mu.Lock()
	room := d.room
	d.mu.Unlock()
	if room[1] != 0 {
		return room[0], room[1], nil
	}
	return d.osDisk.Free(path)
}

func (d *faultDisk) Create(path string) (file, error) {
	if err := d.do("create", path); err != nil {
		return nil, err
	}
	f, err := d.osDisk.Create(path)
	if err != nil {
		return nil, err
	}
	return &faultFile{f, d, path}, nil
}

func (d *faultDisk) Rename(from, to string) error {
	if err := d.do("rename", to); err != nil {
		return err
	}
	d.mu.Lock()
	d.used[to] = d.used[from]
	delete(d.used, from)
	d.mu.Unlock()
	return d.osDisk.Rename(from, to)
}

func (d *faultDisk) Remove(path string) error {
	if err := d.do("remove", path); err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.used, path)
	d.mu.Unlock()
	return d.osDisk.Remove(path)
}

func (d *faultDisk) SyncDir(path string) error {
	if err := d.do("syncdir", path); err != nil {
		return err
	}
	return d.osDisk.SyncDir(path)
}

type faultFile struct {
	file
	d    *faultDisk
	path string
}

func (f *faultFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.d.do("write", f.path); err != nil {
		return 0, err
	}
	room := max(0, min(int64(len(b)), f.d.grow(f.path, at+int64(len(b)))-at))
	n, err := f.file.WriteAt(b[:room], at)
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.d.do("truncate", f.path); err != nil {
		return err
	}
	f.d.mu.Lock()
	f.d.used[f.path] = min(f.d.used[f.path], size)
	f.d.mu.Unlock()
	return f.file.Truncate(size)
}

func (f *faultFile) Sync() error {
	if err := f.d.do("sync", f.path); err != nil {
		return err
	}
	return f.file.Sync()
}
