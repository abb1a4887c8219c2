// Package media receives, orders, forwards, plays and cuts the audio of calls.
//
// An Engine owns a range of UDP ports and a few drivers. A Session is all media of one call, and belongs to one driver;
// its Streams are its legs. The call tells a session what to do (Open, Bridge, Play, Cut, Tap …) and hears of it by
// Notices. What a session does is decided in a core without sockets, clocks or goroutines, which is driven by packets
// and by the time; a driver is a thin loop of io_uring (or epoll), a mailbox and a timer wheel around many cores.
//
// Session.Cut fixes the barrier: the RTP time, for each stream, below which no audio reaches a recorder. Session.Tap is
// the one place of the program that connects a recorder to media, and asks for a Permit, which only the barrier gives
// (or a trunk that needs no consent). See DESIGN.md.
//
// Goroutines: one for each driver, started by Engine.Start and ended by Engine.Close; a driver brings a processor of its
// own (GOMAXPROCS), which it keeps while it naps for packets to come together. Nothing is started, locked,
// scheduled or allocated for a packet. Methods of Session, Stream and Tap may be called from any goroutine but not from
// Notify or a Sink, which run on the driver. After Close everything is a harmless no-op.
//
// The package refuses datagrams from any address but the one agreed on in SDP (or, with rtp_source: learn, the first
// valid one), payload types that were not agreed on, and taps without a permit. It does not mix, conceal, encrypt or
// resample, and it speaks G.711 only. Of all packages only this one imports pion/rtp and pion/rtcp. It runs on Linux.
//
// It speaks RFC 3550 (RTP, RTCP; appendix A.1, A.3, A.8), RFC 3551 (G.711), RFC 4733 (telephone events, by media/dtmf)
// and RFC 5761 (RTP and RTCP on one port).
package media
