// Package call tells the story of one call, and knows all calls.
//
// It is the only package that joins signalling and media: a call arrives as a
// [sip.Invite], is admitted by its trunk, answered, led through a flow, queued,
// bridged to a station, recorded if the policy allows it, and settled. The
// story itself is in story.go; every other file is one chapter of it.
//
// A call runs on one goroutine, started by [Manager.Accept] and waited for by
// [Manager.Drain]. Only that goroutine touches the call's fields. Whatever
// happens outside (signalling, keys, stalled media, operators) is posted to the
// call's mailbox, which is served whenever the call waits; a hangup cancels the
// call's context and so ends any wait.
//
// The package refuses to decide: whether audio may be kept is [policy]'s to
// say, what a recording looks like is recorder's, and what a flow does is
// flowexec's, which sees a call only through the narrow flowexec.Caller and so
// can't start a recording.
//
// RFCs: 3261 (dialogs, seen as legs), 3264 and 6337 (offer and answer on both
// legs), 3326 (Reason across legs), 7332 (Max-Forwards across legs).
package call
