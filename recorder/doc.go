// Package recorder turns a timeline of audio into a sealed file.
//
// It knows timed samples, not RTP: the media driver places decoded samples, at
// the rate of the recording, at positions of the recording's timeline, and the
// package brings them, in order and with every gap typed, into a file with a
// sidecar beside it. It owns the recordings folder: the growing `<id>.wav.part`
// with its facts in `<id>.json.part`, the sealed `<id>.wav` or `<id>.opus` and
// `<id>.json`, and `quarantine/` for what start-up could not finish.
//
// Goroutines, all started by Recorder.Start and awaited by Recorder.Close: one
// keeper, which never touches the disk and watches for the ledger's word; a few
// writers, which append what is ripe; one syncer, which makes it durable and
// probes the folder; a few sealers, which finish files; at a lower priority a
// few encoders, which finish those that are not stored as they grew. None belongs
// to a recording, and the media driver never waits for any of them.
//
// It refuses to write a single byte before the ledger entry of the consent is
// durable, to place audio into a pause, to place audio behind what is already
// written, and to put a file under its final name before its sidecar.
//
// With keys it seals what it writes, by package vault, and writes nothing while it
// has no key.
//
// Formats: RIFF/WAVE with 16-bit PCM (format tag 1) or G.711 (6 and 7), with the
// broadcast extension of EBU Tech 3285, cue markers at gaps, and RF64 by EBU Tech
// 3306 where a file outgrows 4 GiB; Ogg Opus by RFC 7845.
package recorder
