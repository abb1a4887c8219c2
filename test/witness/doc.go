// Package witness holds the product's promise against real sockets: telephones
// that say one thing before the key and another after it, over a network that
// delays, reorders, repeats and loses, and a recording that may hold only the
// second.
package witness
