// Package doctor tells what of a machine would keep a configuration from working, before a call does.
//
// [Gather] asks the machine: addresses, sockets, limits, clock, disks, files. It changes nothing but for a file without
// content that matters, which it writes, brings to the disk and removes in each folder that the service writes to. What
// it waits for is bounded. [Judge] is pure: from a configuration and the gathered facts it makes findings, each with what
// would be right and the key that says so.
//
// It needs no running service; one that runs is recognised, so that its sockets are not taken for somebody else's. What
// the configuration says by itself is not its business: configs has checked that before.
//
// The package starts no goroutine and keeps nothing. Linux only, as the media engine is.
package doctor
