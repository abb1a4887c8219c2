package merkle

import (
	"bytes"
	"encoding/hex"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The test vectors of the Certificate Transparency project for RFC 6962 section 2.1: eight leaves, and the tree hash over
// the first n of them.
var (
	vectorLeaves = []string{
		"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
	}
	vectorRoots = []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

func TestRootMatchesTheVectorsOfRFC6962(t *testing.T) {
	var tree Tree
	for n, want := range vectorRoots {
		root := tree.Root()
		if got := hex.EncodeToString(root[:]); got != want {
			t.Errorf("root of %d leaves is %s, want %s", n, got, want)
		}
		if n < len(vectorLeaves) {
			data, err := hex.DecodeString(vectorLeaves[n])
			must(t, err)
			tree.Add(LeafHash(data))
		}
	}
}

func TestRootMatchesTheRecursiveDefinition(t *testing.T) {
	var leaves []Hash
	var tree Tree
	for n := range 200 {
		leaves = append(leaves, leaf(n))
		tree.Add(leaf(n))
		if tree.Root() != definition(leaves) {
			t.Fatalf("roots of %d leaves differ", n+1)
		}
	}
}

// definition is RFC 6962 section 2.1 word for word: split at the largest power of two below n.
func definition(leaves []Hash) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(definition(leaves[:k]), definition(leaves[k:]))
}

func TestTreeIsTakenUpAgainFromItsStoredNodes(t *testing.T) {
	var whole Tree
	var nodes []byte
	for n := range 70 {
		resumed, err := NewStored(bytes.NewReader(nodes)).Resume(int64(n))
		must(t, err)
		if resumed.Root() != whole.Root() || resumed.Size() != int64(n) {
			t.Fatalf("a tree of %d leaves is another one when it is taken up again", n)
		}
		nodes = whole.AddTo(nodes, leaf(n))
		if int64(len(nodes)) != StoredBytes(whole.Size()) {
			t.Fatalf("%d leaves take %d bytes, want %d", whole.Size(), len(nodes), StoredBytes(whole.Size()))
		}
	}
}

func leaf(n int) Hash { return LeafHash([]byte{byte(n), byte(n >> 8)}) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
