package event

// maskFrom is the length from which a number shows both of its ends.
const maskFrom = 8

// Mask returns a number as logs may show it: its first three and last two
// characters with an ellipsis between, "+49…45". A shorter one shows at most its
// last two, one of fewer than five characters nothing. An empty number stays empty.
func Mask(number string) string {
	r := []rune(number)
	switch {
	case len(r) == 0:
		return ""
	case len(r) < 5:
		return "…"
	case len(r) < maskFrom:
		return "…" + string(r[len(r)-2:])
	}
	return string(r[:3]) + "…" + string(r[len(r)-2:])
}
