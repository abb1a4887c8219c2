// Package deb builds the Debian package and starts what is in it, as a user without privileges.
package deb
