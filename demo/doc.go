// Package demo shows the product at work: it starts the whole service on
// loopback with a throw-away state folder, lets built-in telephones place real
// calls through it, SIP and RTP with real speech, and checks what came out with
// its own ears: tones that were only spoken before the consent may be in no
// recording, those spoken after it must be.
//
// It fails loudly where anything is not as promised, and leaves the folder with
// the recordings behind.
package demo
