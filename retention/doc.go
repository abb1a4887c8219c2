// Package retention says how long a recording is kept: by rules, of which the
// longest that fits wins, and for ever where none fits. It only computes; the
// archive deletes. It refuses to shorten what another rule keeps longer.
package retention
