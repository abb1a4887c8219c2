// Package route is the number plan: where a number that somebody dials leads.
//
// Routes are entries of the configuration, each from called numbers to one trunk,
// station or queue. A number takes the routes of the best pattern that matches it:
// an exact one, else the longest beginning, else "*". Where several have it they are
// tried by priority, and within one by weight; the weight of a trunk counts less the
// more of its recent calls have failed.
//
// A [Plan] is built from configuration and never changes. [Failures] outlives it.
package route
