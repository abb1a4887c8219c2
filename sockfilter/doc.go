// Package sockfilter lets the kernel drop what comes to a socket from anywhere but a set of networks, before it takes
// room in the socket's buffer or wakes anybody: a flood from strangers then costs the process nothing.
//
// The filter is classic BPF on the socket itself (SO_ATTACH_FILTER), which needs no privilege. It is a first sieve and
// no judge: it may let a stranger through (it knows no ports, and widens networks where there are too many), and who
// owns the socket still asks of each packet where it comes from. On a listening TCP socket it drops the SYN, so that a
// stranger sees no port at all; a socket of multipath TCP takes no filter.
//
// It starts no goroutine and keeps nothing.
package sockfilter
