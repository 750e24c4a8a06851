#!/bin/sh
# Makes hello.bundle, the repository that `npm start` serves: two versions of a small program and a nested module.
# Dates and names are fixed, so that the commits are always the same. Needed only to change the demo.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=modhaven GIT_AUTHOR_EMAIL=demo@modhaven.example
export GIT_COMMITTER_NAME=modhaven GIT_COMMITTER_EMAIL=demo@modhaven.example
git init -q -b main .

commit() { # DATE MESSAGE
  git add -A
  GIT_AUTHOR_DATE=$1 GIT_COMMITTER_DATE=$1 git commit -q -m "$2"
}

cp "$here/../LICENSE" LICENSE
mkdir greet
cat >greet/go.mod <<'GO'
module demo.modhaven.example/hello/greet

go 1.21
GO
cat >greet/greet.go <<'GO'
// Package greet finds words of welcome.
package greet

// To returns a greeting for somebody.
func To(name string) string {
	return "Hello, " + name + "!"
}
GO
commit 2026-01-05T09:00:00Z 'greet: a nested module'
git tag greet/v0.1.0

cat >go.mod <<'GO'
module demo.modhaven.example/hello

go 1.21

require demo.modhaven.example/hello/greet v0.1.0
GO
cat >main.go <<'GO'
// Hello greets, to show that a module came through modhaven.
package main

import (
	"fmt"

	"demo.modhaven.example/hello/greet"
)

func main() {
	fmt.Println(greet.To("gopher"))
}
GO
commit 2026-01-06T09:00:00Z 'hello: a program that uses it'
git tag v1.0.0

cat >main.go <<'GO'
// Hello greets, to show that a module came through modhaven.
package main

import (
	"fmt"
	"os"

	"demo.modhaven.example/hello/greet"
)

func main() {
	name := "gopher"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	fmt.Println(greet.To(name), "This program came to you through modhaven.")
}
GO
commit 2026-01-07T09:00:00Z 'hello: greet anybody'
git tag v1.1.0

git bundle create -q "$here/hello.bundle" HEAD main --tags
