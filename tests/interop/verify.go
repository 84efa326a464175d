// verify checks a published ledger with golang.org/x/mod/sumdb alone, as Debian packages it:
// no hash, tree, proof or signature is computed by code of ours, but for the root of an empty tree,
// which that package leaves undefined.
//
//	verify LEDGER VKEY [CHECKPOINT...]
//
// LEDGER is the directory (docs/FORMATS.md, section 9), VKEY a file with the verifier key. Of
// the ledger, only checkpoint and tile/ are read; each CHECKPOINT is a file signed before. Exits
// with 1 at the first thing that does not hold.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8    // of tiles: 256 hashes
	every  = 2000 // the first entries, each of them proven
	step   = 97   // from then on; less than a tile, so that every tile takes part
)

// openCheckpoint demands a good signature by the key, whose name must be the origin.
func openCheckpoint(path string, key note.Verifier) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("not origin, size and root, a line each")
	}
	if lines[0] != key.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q, key %q", lines[0], key.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("size %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// tilePath maps the paths of the Go checksum database to those of C2SP tlog-tiles.
func tilePath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	if t.L == -1 {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return "tile/" + path
}

// tileDir reads hash tiles; the hash reader above it checks them against the tree.
type tileDir struct {
	dir   string
	cache map[tlog.Tile][]byte
}

func (d *tileDir) Height() int                     { return height }
func (d *tileDir) SaveTiles([]tlog.Tile, [][]byte) {}

func (d *tileDir) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, ok := d.cache[tile]
		if !ok {
			var err error
			if data, err = os.ReadFile(filepath.Join(d.dir, tilePath(tile))); err != nil {
				return nil, err
			}
			if len(data) != tile.W*tlog.HashSize {
				return nil, fmt.Errorf("%s: %d bytes", tilePath(tile), len(data))
			}
			d.cache[tile] = data
		}
		all[i] = data
	}
	return all, nil
}

// readEntries gives the leaf hashes of all entries, from the bundles.
func readEntries(dir string, size int64) ([]tlog.Hash, error) {
	leaves := make([]tlog.Hash, 0, size)
	for n := int64(0); n<<height < size; n++ {
		width := size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		path := tilePath(tlog.Tile{H: height, L: -1, N: n, W: int(width)})
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s: cut at entry %d", path, len(leaves))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, tlog.RecordHash(data[2:end]))
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s: %d bytes behind the last entry", path, len(data))
		}
	}
	return leaves, nil
}

// rootOf builds the whole tree from its leaves. That of an empty one is as RFC 6962 says.
func rootOf(leaves []tlog.Hash) (tlog.Hash, error) {
	if len(leaves) == 0 {
		return sha256.Sum256(nil), nil
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, more...)
	}
	return tlog.TreeHash(int64(len(leaves)), reader)
}

// proveEntries proves inclusion from the tiles, and returns how many entries it did so for.
func proveEntries(tree tlog.Tree, leaves []tlog.Hash, tiles tlog.HashReader) (int, error) {
	proven := 0
	for i := int64(0); i < tree.N; i++ {
		if i >= every && i%step != 0 && i < tree.N-tree.N%(1<<height)-1 {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, i, tiles)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaves[i])
		}
		if err != nil {
			return proven, fmt.Errorf("inclusion of entry %d: %w", i, err)
		}
		proven++
	}
	return proven, nil
}

// proveOlder proves that what was signed once is still the beginning of the log.
func proveOlder(tree, older tlog.Tree, tiles tlog.HashReader) error {
	if older.N == 0 {
		if older.Hash != sha256.Sum256(nil) {
			return errors.New("not the root of an empty tree")
		}
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, older.N, tiles)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

func verify(dir, vkeyFile string, olderFiles []string) error {
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return err
	}
	key, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(filepath.Join(dir, "checkpoint"), key)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	leaves, err := readEntries(dir, tree.N)
	if err != nil {
		return err
	}
	root, err := rootOf(leaves)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("root: the entries give %v, the checkpoint says %v", root, tree.Hash)
	}
	tiles := tlog.TileHashReader(tree, &tileDir{dir, make(map[tlog.Tile][]byte)})
	proven, err := proveEntries(tree, leaves, tiles)
	if err != nil {
		return err
	}
	for _, file := range olderFiles {
		older, err := openCheckpoint(file, key)
		if err == nil {
			err = proveOlder(tree, older, tiles)
		}
		if err != nil {
			return fmt.Errorf("consistency with %s: %w", filepath.Base(file), err)
		}
	}
	which := "all"
	if int64(proven) < tree.N {
		which = fmt.Sprintf("the first %d, every %dth, the last ones", every, step)
	}
	fmt.Printf("signature; root of %d entries; inclusion of %d (%s); %d checkpoints consistent\n",
		tree.N, proven, which, len(olderFiles))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify LEDGER VKEY [CHECKPOINT...]")
		os.Exit(2)
	}
	if err := verify(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}
