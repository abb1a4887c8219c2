package app

import (
	"errors"
	"fmt"
	"strings"

	"assent/configs"
	"assent/consent"
	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/media"
	"assent/recorder"
	"assent/source"
)

// VerifyRecording holds a recording against its sidecar, and both against the
// ledger in dir: the sealed entry must name these very bytes, and a consent
// entry must stand before it.
func VerifyRecording(path, dir string) error {
	report, err := recorder.Verify(path)
	if err != nil {
		return err
	}
	if !report.OK() {
		return errors.New(strings.Join(report.Problems, "; "))
	}
	records, err := consent.ByCall(dir, report.Sidecar.Call)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	consented := false
	for _, r := range records {
		switch d := r.Data.(type) {
		case consent.ConsentData:
			consented = true
		case consent.SealedData:
			if d.Recording == report.ID {
				return compare(d, report, consented)
			}
		}
	}
	return fmt.Errorf("the ledger has no sealed entry of recording %s (call %s)", report.ID, report.Sidecar.Call)
}

func compare(sealed consent.SealedData, report recorder.Report, consented bool) error {
	switch {
	case !consented:
		return errors.New("the ledger has no consent entry before the recording was sealed")
	case sealed.SHA256 != report.SHA256:
		return fmt.Errorf("the file's SHA-256 is %s, the ledger sealed %s", report.SHA256, sealed.SHA256)
	case sealed.SidecarSHA256 != report.SidecarSHA256:
		return fmt.Errorf("the sidecar's SHA-256 is %s, the ledger sealed %s", report.SidecarSHA256, sealed.SidecarSHA256)
	}
	return nil
}

// CheckFlows compiles flow files, or all of the configuration's flows where
// none are named, against what the configuration has. It returns the warnings.
func CheckFlows(opts Options, files []string) ([]source.Problem, error) {
	snapshot, err := configs.Load(opts.Config, opts.Env)
	if err != nil {
		return nil, err
	}
	prompts, err := media.LoadPrompts(snapshot.Config.Prompts)
	if err != nil {
		return nil, fmt.Errorf("prompts: %w", err)
	}
	w := world(snapshot.Config, prompts)
	var problems source.Problems
	if len(files) == 0 {
		_, problems = flowexec.Load(snapshot.Config.Flows, actions.All(), w)
	}
	for _, file := range files {
		_, found := flowexec.LoadFile(file, actions.All(), w)
		problems = append(problems, found...)
	}
	return problems.Warnings(), problems.Err()
}
