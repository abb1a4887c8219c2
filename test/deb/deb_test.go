package deb

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for the packaged service.
const patience = 60 * time.Second

// nobody is a user without privileges, on every Debian machine.
const nobody = 65534

// removes is a shell's way to remove a file.
var removes = regexp.MustCompile(`\brm\b|\bunlink\b|-delete\b`)

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// unpacked builds the package and unpacks it in a folder that everybody may enter.
func unpacked(t *testing.T) (file, root string) {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("packages are built on Debian")
	}
	dir, err := os.MkdirTemp("", "deb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the system's own clean-up finds what stays
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VERSION", "v1.2.3-4-gabc")
	file = strings.TrimSpace(run(t, "../../packaging/deb.sh", dir))
	root = filepath.Join(dir, "root")
	run(t, "dpkg-deb", "-x", file, root)
	return file, root
}

func TestThePackage(t *testing.T) {
	file, root := unpacked(t)
	t.Run("holds what a service needs", func(t *testing.T) { complete(t, file, root) })
	t.Run("starts with its configuration and tells the manager", func(t *testing.T) { starts(t, root) })
}

func complete(t *testing.T, file, root string) {
	if got := run(t, "dpkg-deb", "-f", file, "Version", "Depends"); !strings.Contains(got, "Version: 1.2.3+4+gabc") || !strings.Contains(got, "adduser") {
		t.Error(got)
	}
	for path, mode := range map[string]os.FileMode{
		"usr/bin/assent": 0o755, "lib/systemd/system/assent.service": 0o644, "etc/assent/assent.yaml": 0o640, "etc/assent/flows/consent.yaml": 0o644,
		"usr/share/assent/prompts/en/consent_question.wav": 0o644, "usr/share/doc/assent/first-call.md": 0o644, "usr/share/man/man1/assent.1.gz": 0o644,
	} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm() != mode || info.Size() == 0 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	control := t.TempDir()
	run(t, "dpkg-deb", "-e", file, control)
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		run(t, "sh", "-n", filepath.Join(control, script))
		text, err := os.ReadFile(filepath.Join(control, script))
		if err != nil || removes.Match(text) {
			t.Errorf("%s removes files, and recordings may not go with a package: %v\n%s", script, err, text)
		}
	}
	if text, err := os.ReadFile(filepath.Join(control, "conffiles")); err != nil || !strings.Contains(string(text), "/etc/assent/assent.yaml\n") {
		t.Errorf("an upgrade would overwrite the configuration: %q, %v", text, err)
	}
	unit := filepath.Join(root, "lib/systemd/system/assent.service")
	if _, err := exec.LookPath("systemd-analyze"); err == nil {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		here := filepath.Join(control, "assent.service") // it runs what is unpacked here
		text = bytes.ReplaceAll(text, []byte("=/usr/bin/assent"), []byte("="+filepath.Join(root, "usr/bin/assent")))
		if err := os.WriteFile(here, bytes.ReplaceAll(text, []byte("man:assent(1) "), nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", here).CombinedOutput(); err != nil || strings.Contains(string(out), "assent.service:") {
			t.Errorf("systemd-analyze verify: %v\n%s", err, out)
		}
	}
}

func starts(t *testing.T, root string) {
	state := filepath.Join(filepath.Dir(root), "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(filepath.Dir(root), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	config := filepath.Join(root, "etc/assent/assent.yaml")
	cmd := exec.Command(filepath.Join(root, "usr/bin/assent"), "run", "--config", config)
	cmd.Env = []string{
		"NOTIFY_SOCKET=" + manager.LocalAddr().String(), `ASSENT_SIP__LISTEN=["udp://127.0.9.7:0"]`, "ASSENT_MEDIA__ADDRESS=127.0.9.7",
		"ASSENT_API__LISTEN=127.0.0.1:0", "ASSENT_RECORDINGS__DIR=" + state + "/recordings",
		"ASSENT_CONSENT={ledger: " + state + "/ledger, key: " + state + "/ledger.key}", "ASSENT_AUDIT__DIR=" + state + "/audit",
		"ASSENT_CDR__FILE=" + state + "/cdr.jsonl", "ASSENT_STORE=sqlite:" + state + "/assent.db",
		"ASSENT_PROMPTS=" + filepath.Join(root, "usr/share/assent/prompts"),
	}
	if os.Geteuid() == 0 { // as the package's scripts leave it: readable by the service's group
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		run(t, "chown", "nobody", state, manager.LocalAddr().String())
		run(t, "chgrp", "nogroup", config)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
	told := func(want string) {
		t.Helper()
		buf := make([]byte, 512)
		_ = manager.SetReadDeadline(time.Now().Add(patience)) // the read tells
		n, err := manager.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			_ = cmd.Process.Kill() // so that its log can be read
			<-ended
			t.Fatalf("told %q, %v, want %s; log:\n%s", buf[:n], err, want, log.String())
		}
	}
	told("READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	told("STOPPING=1")
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v:\n%s", err, log.String())
		}
	case <-time.After(patience):
		t.Error("it did not end")
	}
}
