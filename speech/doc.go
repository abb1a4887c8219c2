// Package speech turns text into clips by a command of the operator's choice: the text goes to its standard input, and a
// WAV file comes back from its standard output.
//
// It owns the cache of what was spoken, in memory only, for texts may hold names and numbers. Commands run beside the
// calls at low priority, a few at a time; the package starts no goroutine that outlives a call of Clip. It refuses texts,
// answers and waits beyond its bounds, runs no shell, and gives a command nothing of the service's environment but PATH,
// HOME and the locale, since secrets may lie there.
package speech
