// Package sdp reads the session descriptions of peers and makes ours: offer and answer for one audio stream.
//
// Description is what a peer sent, every line of it in its order; Local is our side of one dialog, which makes offers
// and answers and remembers what a later one must keep (the order of media lines, payload type numbers, the version);
// Agreement is what both came to, as the media engine needs it. A Local belongs to one call's goroutine. Nothing here
// starts a goroutine, does I/O or resolves a name.
//
// The reader is tolerant where real equipment is sloppy: any order of lines, bare LF, no final line end, lines missing
// or unknown, media of any kind. It is strict where sloppiness is dangerous: a body of more than 16 KiB, 32 media lines
// or 64 formats a line, a port that is no port, control characters. Media that we don't speak (fax, video) is
// refused line by line with port 0, never by refusing the call; an audio line is needed for an agreement, and its
// address must be one that can belong to a peer: no host name, no multicast, broadcast or link-local address.
//
// Keys of SRTP are read and written here and shown nowhere: a Key prints as [key] however it is printed. Whether audio
// is encrypted is Local's Security; an offer that can be read either way is answered encrypted.
//
// It speaks RFC 8866 (and its elder 4566), RFC 3264 with RFC 6337's readings, RFC 3551 (static payload types), RFC 4733
// section 2.5.1 (telephone-event), RFC 3605 (a=rtcp), RFC 5761 (a=rtcp-mux), RFC 4568 with
// RFC 7714 and RFC 8643 (a=crypto) and RFC 7866 (a=record, a=recordpref).
package sdp
