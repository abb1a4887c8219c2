package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// commitmentLabel keeps these MACs apart from any other use of the same salt.
const commitmentLabel = "assent caller v1\x00"

// separators removes what people write between digits (RFC 3966 section 5.1.1).
var separators = strings.NewReplacer("-", "", ".", "", "(", "", ")", "", " ", "")

// Commitment stands for a caller's number in the ledger: HMAC-SHA-256, keyed with the caller's salt, in hex. Who has
// salt and number can show that an entry is about that number; once the salt is erased nobody can, not even by trying
// all numbers. Separators in the number do not count. It returns "" for an empty number (an anonymous caller) or an empty salt.
func Commitment(salt []byte, number string) string {
	number = separators.Replace(number)
	if number == "" || len(salt) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(commitmentLabel))
	mac.Write([]byte(number))
	return hex.EncodeToString(mac.Sum(nil))
}

// isCommitment tells a commitment by its shape, so that a number can't get into the ledger in its place.
func isCommitment(s string) bool {
	if len(s) != hex.EncodedLen(sha256.Size) {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}
