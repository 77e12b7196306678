package automation

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed inventory.html.tmpl
var pageTemplate string

//go:embed inventory.css
var stylesheet string

var page = template.Must(template.New("inventory").Funcs(template.FuncMap{
	"support": func(s Support) string { return supportWords[s] },
	"state":   activeWord,
	"indent":  func(depth int) string { return fmt.Sprintf("depth-%d", min(depth, 6)) },
}).Parse(pageTemplate))

// HTML writes the inventory as one page that stands alone: it fetches nothing,
// runs nothing, and its content security policy forbids both. Whatever comes
// from the source is escaped.
func (inv Inventory) HTML() ([]byte, error) {
	sum := sha256.Sum256([]byte(stylesheet))
	var out bytes.Buffer
	err := page.Execute(&out, struct {
		view
		Intro, AboutSequences, AboutStages string
		Style                              template.CSS
		Policy                             string
	}{
		inv.view(), intro, aboutSequences, aboutStages, template.CSS(stylesheet),
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	})
	if err != nil {
		return nil, fmt.Errorf("write the inventory as HTML: %w", err)
	}
	return out.Bytes(), nil
}
