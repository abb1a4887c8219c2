// Package arch holds the house rules that no linter knows: which package may
// import which, that every package says what it is for, that links in documents
// lead somewhere, that metrics are named as promised.
package arch
