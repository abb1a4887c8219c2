package actions

import (
	"context"
	"errors"

	"assent/flowexec"
)

// question is a prompt and the keys that answer it, asked again while the
// answer is none.
type question struct {
	prompt  flowexec.Template
	silent  bool // there is no prompt
	notice  bool // heard to its end before the first key counts
	fresh   bool // keys from an earlier action never count
	repeats int
	pad     keypad
	good    func(text string) bool // whether an entry answers the question
}

// ask asks until there is an answer, repeats times more at most. It returns the
// last attempt, with result noInput where an error ended it.
func (q *question) ask(ctx context.Context, r *flowexec.Run) (entry, error) {
	var e entry
	for attempt := 0; attempt <= q.repeats; attempt++ {
		ahead, err := q.pose(ctx, r)
		if err != nil {
			return entry{result: noInput}, err
		}
		e, err = q.pad.read(ctx, r, ahead)
		if err != nil {
			return e, err
		}
		if e.result == entered && q.good(e.text) {
			return e, nil
		}
		if e.result == entered {
			e.result = invalid
		}
	}
	return e, nil
}

// pose plays the question until the input window may open. It returns a key that
// was typed ahead; the question is skipped then.
func (q *question) pose(ctx context.Context, r *flowexec.Run) (*flowexec.Key, error) {
	if q.notice {
		return nil, q.poseNotice(ctx, r)
	}
	if err := r.Drain(ctx); err != nil {
		return nil, err
	}
	if q.fresh {
		r.ClearDigits()
	} else if key, err := r.Digit(ctx, 0); err == nil {
		return &key, nil
	} else if !errors.Is(err, flowexec.ErrTimeout) {
		return nil, err
	}
	return nil, q.play(ctx, r)
}

// poseNotice plays a question that can't be interrupted, skipped or answered
// early: whatever was pressed until its last sample is forgotten.
func (q *question) poseNotice(ctx context.Context, r *flowexec.Run) error {
	if err := q.play(ctx, r); err != nil {
		return err
	}
	r.ClearDigits()
	return nil
}

func (q *question) play(ctx context.Context, r *flowexec.Run) error {
	if !q.silent {
		name, err := r.PromptName(q.prompt)
		if err != nil {
			return err
		}
		if err := r.Play(ctx, flowexec.Prompt{Name: name, BargeIn: !q.notice, Notice: q.notice}); err != nil {
			return err
		}
	}
	return r.Drain(ctx)
}
