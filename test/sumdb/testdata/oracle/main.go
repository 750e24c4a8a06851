// Oracle answers questions about the formats of checksum databases with the packages of golang.org/x/mod.
// It reads one JSON array of questions and prints one JSON array of answers.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Kind    string
	Key     string
	Text    string // base64 where it may be no text
	Records []string
	N       int64
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		list[i] = h[x]
	}
	return list, nil
}

func answer(q question) string {
	raw, err := base64.StdEncoding.DecodeString(q.Text)
	if err != nil {
		log.Fatal(err)
	}
	switch q.Kind {
	case "sign":
		signer, err := note.NewSigner(q.Key)
		if err != nil {
			return "error"
		}
		msg, err := note.Sign(&note.Note{Text: string(raw)}, signer)
		if err != nil {
			return "error"
		}
		return string(msg)
	case "open":
		verifier, err := note.NewVerifier(q.Key)
		if err != nil {
			return "error"
		}
		n, err := note.Open(raw, note.VerifierList(verifier))
		if err != nil {
			return "error"
		}
		return fmt.Sprintf("%d %d %s", len(n.Sigs), len(n.UnverifiedSigs), n.Text)
	case "verifier":
		if _, err := note.NewVerifier(string(raw)); err != nil {
			return "error"
		}
		return "ok"
	case "tree":
		tree, err := tlog.ParseTree(raw)
		if err != nil {
			return "error"
		}
		return string(tlog.FormatTree(tree))
	case "record":
		id, text, rest, err := tlog.ParseRecord(raw)
		if err != nil {
			return "error"
		}
		return fmt.Sprintf("%d %s %s", id, text, base64.StdEncoding.EncodeToString(rest))
	case "tile":
		tile, err := tlog.ParseTilePath(string(raw))
		if err != nil {
			return "error"
		}
		return fmt.Sprintf("%d %d %d %d %s", tile.H, tile.L, tile.N, tile.W, tile.Path())
	case "log":
		return describe(q.Records, q.N)
	}
	log.Fatalf("unknown kind %q", q.Kind)
	return ""
}

// describe prints everything that follows from a log: its root, its tiles and
// the proofs of record n and of the tree of n+1 records.
func describe(records []string, n int64) string {
	var all hashes
	for i, record := range records {
		added, err := tlog.StoredHashes(int64(i), []byte(record), all)
		if err != nil {
			log.Fatal(err)
		}
		all = append(all, added...)
	}
	size := int64(len(records))
	root, err := tlog.TreeHash(size, all)
	if err != nil {
		log.Fatal(err)
	}
	lines := []string{root.String()}
	for _, tile := range tlog.NewTiles(8, n, size) {
		data, err := tlog.ReadTileData(tile, all)
		if err != nil {
			log.Fatal(err)
		}
		lines = append(lines, tile.Path()+" "+tlog.RecordHash(data).String())
	}
	record, err := tlog.ProveRecord(size, n, all)
	if err != nil {
		log.Fatal(err)
	}
	tree, err := tlog.ProveTree(size, n+1, all)
	if err != nil {
		log.Fatal(err)
	}
	for _, hash := range append(record, tree...) {
		lines = append(lines, hash.String())
	}
	return strings.Join(lines, "\n")
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		log.Fatal(err)
	}
	answers := make([]string, len(questions))
	for i, q := range questions {
		answers[i] = answer(q)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
