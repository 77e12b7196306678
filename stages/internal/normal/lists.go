package normal

import (
	_ "embed"
	"strings"
	"sync"
)

// The lists are data: one entry a line, # starts a comment.
var (
	//go:embed roles.txt
	rolesText string
	//go:embed freemail.txt
	freeMailText string
	//go:embed hosted.txt
	hostedText string
)

// Each list is parsed at first use and never changed after.
var (
	roleNames       = sync.OnceValue(func() map[string]bool { return lineSet(rolesText) })
	freeMailDomains = sync.OnceValue(func() map[string]bool { return lineSet(freeMailText) })
	hostedDomains   = sync.OnceValue(func() map[string]bool { return lineSet(hostedText) })
)

func lineSet(text string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			set[line] = true
		}
	}
	return set
}
