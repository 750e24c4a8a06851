// Oracle answers questions about the rules of Go that come from its standard library.
// It reads one JSON array of questions and prints one JSON array of answers.
package main

import (
	"encoding/json"
	"go/version"
	"log"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
)

type question struct {
	Kind string
	A, B string
}

func answer(q question) string {
	switch q.Kind {
	case "fold":
		return strconv.FormatBool(strings.EqualFold(q.A, q.B))
	case "letters":
		kept := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return r
			}
			return -1
		}, q.A)
		return kept
	case "time":
		t, err := time.Parse("20060102150405", q.A)
		if err != nil {
			return "error"
		}
		return t.Format("2006-01-02T15:04:05.000Z")
	case "quote":
		return strconv.Quote(q.A)
	case "unquote":
		text, err := strconv.Unquote(q.A)
		if err != nil {
			return "error"
		}
		return "text " + text
	case "lang":
		return strings.TrimPrefix(version.Lang("go"+q.A), "go")
	case "124":
		return strconv.FormatBool(version.Compare("go"+q.A, "go1.24") >= 0)
	case "prefix":
		return strconv.FormatBool(matchPrefix(q.A, q.B))
	case "less":
		return strconv.Itoa(strings.Compare(q.A, q.B))
	}
	log.Fatalf("unknown kind %q", q.Kind)
	return ""
}

// matchPrefix is what package golang.org/x/mod/module documents of MatchPrefixPatterns, over path.Match.
func matchPrefix(globs, target string) bool {
	for _, glob := range strings.Split(globs, ",") {
		glob = strings.TrimSuffix(glob, "/")
		if glob == "" {
			continue
		}
		elements := strings.Split(target, "/")
		n := strings.Count(glob, "/") + 1
		if len(elements) < n {
			continue
		}
		if ok, _ := path.Match(glob, strings.Join(elements[:n], "/")); ok {
			return true
		}
	}
	return false
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
